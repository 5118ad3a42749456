/** Dates and sizes. */

import assert from "node:assert/strict";
import { test } from "node:test";

Object.assign(globalThis, { document: { documentElement: {} } });
const { formatBytes, formatFullDay } = await import("../../chalicelib/web/core/format.js");

test("sizes begin at kilobytes", () => {
  assert.deepEqual([0, 400, 26_400, 186_000, 14_200_000, 50e9, 5e15].map(formatBytes), ["0 kB", "0.4 kB", "26.4 kB", "186 kB", "14.2 MB", "50 GB", "5,000 TB"]);
});

test("a full day has its month and year", () => {
  assert.match(formatFullDay(new Date("2026-08-15T23:59:00Z")), /Aug.*15.*2026|15 Aug.*2026/);
});
