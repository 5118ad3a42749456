/** Rows of the grid. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { clampRatio, estimateHeight, layOut } from "../../chalicelib/web/grid/layout.js";

const FRAME = { width: 1000, rowHeight: 232, gap: 4, labelHeight: 40 };

/** @param {number[]} ratios @param {string} [day] */
const cells = (ratios, day = "") => ratios.map((ratio) => ({ ratio, day }));

/** Return ratios that look random, but are the same in every run. @param {number} count */
const someRatios = (count) => Array.from({ length: count }, (_, at) => 0.66 + ((at * 7919) % 254) / 100);

test("every row but the last is as wide as the frame", () => {
  for (const count of [1, 2, 3, 10, 57, 200]) {
    const { rows } = layOut(cells(someRatios(count)), FRAME);
    for (const { tiles } of rows.slice(0, -1)) {
      const last = tiles[tiles.length - 1];
      assert.ok(Math.abs(last.left + last.width - FRAME.width) < 0.01, `${count}`);
    }
  }
});

test("tiles keep the order, and none is lost", () => {
  const { rows } = layOut(cells(someRatios(123)), FRAME);
  assert.deepEqual(rows.flatMap(({ tiles }) => tiles.map(({ index }) => index)), [...Array(123).keys()]);
});

test("rows do not overlap", () => {
  const { rows, height } = layOut(cells(someRatios(80)), FRAME);
  for (const [at, row] of rows.entries()) {
    if (at) assert.ok(row.top >= rows[at - 1].top + rows[at - 1].height + FRAME.gap - 0.01);
  }
  const last = rows[rows.length - 1];
  assert.ok(Math.abs(last.top + last.height - height) < 0.01);
});

test("the last row is not stretched past a quarter", () => {
  const { rows } = layOut(cells([1]), FRAME);
  assert.equal(rows[0].height, FRAME.rowHeight * 1.25);
});

test("a day that begins a row has its label above, one that begins within a row inside the tile", () => {
  const mixed = [...cells([1.5, 1.5], "2026-08-15"), ...cells([1.5], "2026-08-14"), ...cells([1.5, 1.5, 1.5, 1.5], "2026-08-13")];
  const { rows } = layOut(mixed, FRAME);
  assert.equal(rows[0].tiles[0].label, "above");
  assert.equal(rows[0].tiles[2].label, "above");
  const labels = rows.flatMap(({ tiles }) => tiles.map(({ label }) => label)).filter(Boolean);
  assert.equal(labels.length, 3);
  for (const row of rows) {
    const hasStrip = row.tiles.some(({ label }) => label === "above");
    assert.ok(!hasStrip || row.tiles[0].label === "above");
  }
});

test("no photos need no height", () => {
  assert.deepEqual(layOut([], FRAME), { rows: [], height: 0 });
});

test("panoramas and tall screenshots are limited", () => {
  assert.equal(clampRatio({ width: 8000, height: 500 }), 3.2);
  assert.equal(clampRatio({ width: 100, height: 1000 }), 0.66);
  assert.equal(clampRatio({ width: 0, height: 0 }), 1);
});

test("the estimate of a section is near the height of photos of usual ratios", () => {
  const ratios = Array.from({ length: 300 }, (_, at) => [1.5, 0.75, 1.33, 1.78][at % 4]);
  const { height } = layOut(cells(ratios), FRAME);
  const estimate = estimateHeight(300, FRAME);
  assert.ok(estimate > height * 0.7 && estimate < height * 1.4, `${estimate} for ${height}`);
});
