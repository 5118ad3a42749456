/** The places of sections in the grid. */

import assert from "node:assert/strict";
import { test } from "node:test";

Object.assign(globalThis, { document: { documentElement: {} } });
const { Geometry } = await import("../../chalicelib/web/grid/geometry.js");

const SPACE = { width: 1200, rowHeight: 232, gap: 4, labelHeight: 40, heading: 56, hasDays: true, rem: 16, aside: 0 };

/** @param {string} key @param {number} count @param {number} [day] */
function month(key, count, day = 10) {
  const time = `${key}-${day}T12:00:00`;
  const items = Array.from({ length: count }, (_, at) => ({ photoId: `${key}/${at}`, width: 400, height: 300, takenLocal: time, takenAt: null, uploadedAt: `${time}Z` }));
  return { key, title: "March 2026", count, items: /** @type {any[]} */ (items) };
}

/** @param {any[]} sections @param {Partial<typeof SPACE>} [space] */
function place(sections, space = {}) {
  const geometry = new Geometry();
  geometry.update(sections, { ...SPACE, ...space });
  return geometry;
}

test("short months stand side by side, and their rows are not stretched", () => {
  const { blocks, height } = place([month("2026-03", 1), month("2026-02", 2), month("2026-01", 1)]);
  assert.equal(blocks[0].top, blocks[1].top);
  assert.ok(blocks[1].left >= blocks[0].left + blocks[0].width);
  assert.ok(blocks[1].left + blocks[1].width <= SPACE.width);
  assert.ok(blocks[2].top >= blocks[0].height);
  for (const { rows } of blocks) assert.ok(Math.abs(rows[0].height - SPACE.rowHeight) < 0.01);
  assert.equal(height, blocks[2].top + blocks[2].height);
});

test("a month of many photos has its own rows, and so has a list without headings", () => {
  const [first, second] = place([month("2026-03", 1), month("2026-02", 30)]).blocks;
  assert.ok(second.top >= first.top + first.height);
  assert.equal(second.width, SPACE.width);
  assert.equal(place([{ ...month("2026-03", 1), title: "" }]).blocks[0].width, SPACE.width);
});

test("no heading lies under the controls beside the first month", () => {
  const blocks = place([month("2026-03", 1), month("2026-02", 1)], { aside: 800 }).blocks;
  assert.ok(blocks[1].top > blocks[0].top);
});

test("a month that is not loaded has nearly the place that it will have", () => {
  const missing = { key: "2026-02", title: "March 2026", count: 2, items: null };
  const { blocks } = place([month("2026-03", 1), missing]);
  assert.equal(blocks[1].top, blocks[0].top);
  assert.equal(blocks[1].height, blocks[0].height);
});

test("the arrow keys go up and down between months that stand side by side", () => {
  const sections = [month("2026-03", 1), month("2026-02", 1), month("2026-01", 30), { key: "2025-12", title: "March 2026", count: 1, items: null }];
  const geometry = place(sections);
  const below = /** @type {any} */ (geometry.acrossRows("2026-02/0", 1));
  assert.equal(below.photoId, "2026-01/1");
  assert.equal(/** @type {any} */ (geometry.acrossRows("2026-01/0", -1)).photoId, "2026-03/0");
  assert.equal(/** @type {any} */ (geometry.acrossRows("2026-01/1", -1)).photoId, "2026-02/0");
  assert.equal(geometry.acrossRows("2026-01/29", 1), 3);
  assert.equal(geometry.stepBand(1, 1), 2);
  assert.equal(geometry.stepBand(2, -1), 0);
  assert.equal(geometry.stepBand(0, -1), -1);
});

test("a label knows the number of photos of its day, and its room", () => {
  const march = month("2026-03", 2);
  march.items.push(...month("2026-03", 1, 11).items);
  const geometry = place([march]);
  const [first, , third] = geometry.boxes(geometry.blocks[0], 0, 1000);
  assert.equal(first.count, 2);
  assert.equal(third.count, 1);
  assert.ok(first.left + first.room <= third.left);
});
