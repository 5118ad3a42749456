/** The tags of several photos. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { applyChoices, countTags } from "../../chalicelib/web/selection/tag-counts.js";

test("tags are counted without regard to letter case, those of most photos first", () => {
  const photos = [{ tags: ["sea", "boat"] }, { tags: ["Sea"] }, { tags: ["Alps"] }];
  assert.deepEqual(countTags(photos), [{ tag: "sea", count: 2 }, { tag: "Alps", count: 1 }, { tag: "boat", count: 1 }]);
});

test("a choice adds a tag once or removes it, and other tags stay", () => {
  const choices = new Map([["sea", true], ["boat", false]]);
  assert.deepEqual(applyChoices(["Boat", "dusk"], choices, []), ["dusk", "sea"]);
  assert.deepEqual(applyChoices(["Sea", "dusk"], choices, ["Dusk", "new"]), ["Sea", "dusk", "new"]);
});

test("a tag that is typed again is kept", () => {
  assert.deepEqual(applyChoices(["boat"], new Map([["boat", false]]), ["Boat"]), ["boat"]);
});
