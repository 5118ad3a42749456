/** The geometry of the viewer. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { clampZoom, closeUpScale, fitScale, formatOffset, judgeSheet, judgeSwipe, maxScale, needsFullSize, percentOf, stepScale, zoomAt } from "../../chalicelib/web/viewer/zoom.js";

const STAGE = { width: 1000, height: 800 };
const WIDE = { width: 4000, height: 2000 };

test("a photo fits into the stage, and a small one is not enlarged", () => {
  assert.equal(fitScale(WIDE, STAGE), 0.25);
  assert.equal(fitScale({ width: 500, height: 4000 }, STAGE), 0.2);
  assert.equal(fitScale({ width: 200, height: 100 }, STAGE), 1);
});

test("the scale stays between fit and four device pixels for each pixel", () => {
  assert.equal(clampZoom({ scale: 0.01, x: 0, y: 0 }, WIDE, STAGE, 1).scale, 0.25);
  assert.equal(clampZoom({ scale: 99, x: 0, y: 0 }, WIDE, STAGE, 1).scale, 4);
  assert.equal(maxScale(WIDE, STAGE, 2), 2);
});

test("panning leaves no empty strip at any edge", () => {
  assert.deepEqual(clampZoom({ scale: 0.5, x: 9999, y: -9999 }, WIDE, STAGE, 1), { scale: 0.5, x: 500, y: -100 });
  assert.deepEqual(clampZoom({ scale: 0.25, x: 50, y: -50 }, WIDE, STAGE, 1), { scale: 0.25, x: 0, y: 0 });
});

test("the place under the pointer stays there", () => {
  const before = { scale: 0.5, x: 30, y: -20 };
  const point = { x: 200, y: 100 };
  const after = zoomAt(before, 1, point);
  for (const axis of /** @type {("x" | "y")[]} */ (["x", "y"])) {
    assert.equal((point[axis] - before[axis]) / before.scale, (point[axis] - after[axis]) / after.scale);
  }
});

test("steps stop at 100 percent", () => {
  assert.equal(stepScale(0.8, 1, 1), 1);
  assert.equal(stepScale(1, 1, 1), 1.5);
  assert.equal(stepScale(1.2, -1, 1), 1);
  assert.equal(stepScale(0.4, 1, 2), 0.5);
  assert.equal(percentOf(0.5, 2), 100);
});

test("a double click shows 100 percent, or twice the fit if the photo is hardly larger than the stage", () => {
  assert.equal(closeUpScale(0.25, 1), 1);
  assert.equal(closeUpScale(0.9, 1), 1.8);
});

test("all pixels are loaded only beyond the largest rendition", () => {
  assert.equal(needsFullSize(0.5, WIDE, 1), false);
  assert.equal(needsFullSize(0.6, WIDE, 1), true);
  assert.equal(needsFullSize(0.3, WIDE, 2), true);
  assert.equal(needsFullSize(4, { width: 2048, height: 1000 }, 1), false);
});

test("a swipe counts by its way or its speed, along one axis", () => {
  assert.equal(judgeSwipe({ x: -200, y: 20 }, 900), "next");
  assert.equal(judgeSwipe({ x: 40, y: 0 }, 60), "previous");
  assert.equal(judgeSwipe({ x: 40, y: 0 }, 600), null);
  assert.equal(judgeSwipe({ x: 10, y: 120 }, 500), "close");
  assert.equal(judgeSwipe({ x: 10, y: -120 }, 500), "details");
  assert.equal(judgeSwipe({ x: 5, y: -5 }, 10), null);
});

test("a sheet rests at closed, half or full", () => {
  assert.equal(judgeSheet(0.2, 0), 0);
  assert.equal(judgeSheet(0.6, 0), 0.5);
  assert.equal(judgeSheet(0.8, 0), 1);
  assert.equal(judgeSheet(0.6, 1), 1);
  assert.equal(judgeSheet(0.9, -1), 0.5);
  assert.equal(judgeSheet(0.45, -1), 0);
});

test("offsets are short", () => {
  assert.equal(formatOffset("+02:00"), "UTC+2");
  assert.equal(formatOffset("-09:30"), "UTC\u22129:30");
  assert.equal(formatOffset("+00:00"), "UTC");
});
