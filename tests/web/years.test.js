/** The years of an album as text. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { formatYears, parseYears } from "../../chalicelib/web/albums/years.js";

test("years and ranges are read in any spelling, each year once", () => {
  assert.deepEqual(parseYears("2019, 2024-2026"), [2019, 2024, 2025, 2026]);
  assert.deepEqual(parseYears("2024 – 2025; 2025"), [2024, 2025]);
  assert.deepEqual(parseYears("2024 to 2025"), [2024, 2025]);
  assert.deepEqual(parseYears("2024 bis 2025"), [2024, 2025]);
  assert.deepEqual(parseYears("  "), []);
});

test("other text is refused", () => {
  for (const text of ["summer", "24", "20244", "2024 and more", "<b>2024</b>"]) assert.equal(parseYears(text), null, text);
});

test("a range of too many years keeps its ends", () => {
  assert.deepEqual(parseYears("1000-2999"), [1000, 2999]);
  assert.deepEqual(parseYears("2026-2019"), [2026, 2019]);
});

test("years that follow each other are written as a range, which can be read again", () => {
  assert.equal(formatYears([2026, 2024, 2025, 2019], "to"), "2019, 2024 to 2026");
  assert.equal(formatYears([], "to"), "");
  assert.deepEqual(parseYears(formatYears([2019, 2024, 2025, 2026], "–")), [2019, 2024, 2025, 2026]);
});
