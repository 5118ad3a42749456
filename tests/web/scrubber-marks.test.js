/** The marks of the scrubber. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseMarks } from "../../chalicelib/web/grid/scrubber-marks.js";

/** @param {[string, number][]} months each with its place in a scrubber of 100 pixels */
const show = (months) => chooseMarks(months.map(([key, top]) => ({ section: { key }, top })), 100, 100).map(({ year, share }) => `${year || "-"} ${Math.round(share * 100)}`);

test("each year with room has its number, and each other month a dash", () => {
  assert.deepEqual(show([["2026-08", 0], ["2026-05", 20], ["2025-12", 40], ["2024-01", 70]]), ["2026 0", "- 20", "2025 40", "2024 70"]);
});

test("a year without room has no number", () => {
  assert.deepEqual(show([["2026-08", 0], ["2025-12", 20], ["2025-03", 60]]), ["2026 0", "- 20", "2025 60"]);
});

test("no dash crosses the number of a year, neither above nor below it", () => {
  assert.deepEqual(show([["2026-08", 0], ["2026-07", 10], ["2026-05", 30], ["2025-12", 40], ["2025-11", 50]]), ["2026 0", "2025 40"]);
});
