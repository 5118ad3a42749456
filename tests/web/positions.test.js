/** Room for a photo between its neighbours in an album. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { planMove, spread } from "../../chalicelib/web/albums/positions.js";

/** @param {string[]} order @param {Record<string, number>} positions @param {{photoId: string, position: number}[]} plan */
function apply(order, positions, plan) {
  const after = { ...positions, ...Object.fromEntries(plan.map(({ photoId, position }) => [photoId, position])) };
  return order.every((photoId, at) => !at || after[order[at - 1]] < after[photoId]);
}

test("a photo gets a position between its neighbours, and the others keep their positions", () => {
  const plan = planMove(["a", "c", "b"], 1, new Map(Object.entries({ a: 1000, b: 2000, c: 3000 })));
  assert.deepEqual(plan, [{ photoId: "c", position: 1500 }]);
});

test("the first place is before all positions, the last one directly behind them", () => {
  assert.deepEqual(planMove(["c", "a"], 0, new Map(Object.entries({ a: 50_000, c: 60_000 }))), [{ photoId: "c", position: 49_000 }]);
  assert.deepEqual(planMove(["a", "c"], 1, new Map(Object.entries({ a: 50_000, c: 40_000 }))), [{ photoId: "c", position: 50_001 }]);
});

test("the first place is found even if a photo has position 0", () => {
  const positions = { a: 0, b: 1, c: 2 };
  const order = ["c", "a", "b"];
  const plan = planMove(order, 0, new Map(Object.entries(positions)));
  assert.ok(plan && apply(order, positions, plan));
  assert.ok(plan.every(({ position }) => position >= 0));
});

test("neighbours without room between them move too, as few as possible", () => {
  const order = Array.from({ length: 50 }, (_, at) => `p${at}`);
  const positions = Object.fromEntries(order.map((photoId, at) => [photoId, 1_000_000 + at]));
  order.splice(10, 0, ...order.splice(30, 1));
  const plan = planMove(order, 10, new Map(Object.entries(positions)));
  assert.ok(plan && apply(order, positions, plan));
  assert.equal(plan.length, 11);
});

test("without enough known positions, there is no plan", () => {
  const positions = new Map(Object.entries({ b: 11, c: 12, d: 13 }));
  assert.equal(planMove(["a", "b", "d", "c", "e"], 2, positions), null);
});

test("equal positions leave no room, and positions are whole numbers", () => {
  assert.equal(spread(5, 5, 1), null);
  assert.equal(spread(5, 6, 1), null);
  assert.deepEqual(spread(5, 7, 1), [6]);
  assert.deepEqual(spread(0, 10, 3), [2, 5, 7]);
});
