/** The words of the tray about the result of all uploads. */

import assert from "node:assert/strict";
import { test } from "node:test";

Object.assign(globalThis, { document: { documentElement: {} } });
const { describeDuplicates, describeEnd } = await import("../../chalicelib/web/uploads/tray-words.js");

/** @param {Partial<import("../../chalicelib/web/uploads/queue.js").Sum>} some */
const sum = (some) => ({ count: 0, settled: 0, ready: 0, duplicates: 0, failed: 0, retryable: 0, bytes: 0, sentBytes: 0, ...some });

test("the heading says all of a mixed result", () => {
  assert.equal(describeEnd(sum({ ready: 18, failed: 2 })), "18 photos uploaded, 2 failed");
  assert.equal(describeEnd(sum({ duplicates: 3, failed: 1 })), "Nothing new to upload, 1 failed");
  assert.equal(describeDuplicates(sum({ ready: 18, duplicates: 3 })), "3 were in your library already.");
});

test("a plain result has plain words", () => {
  assert.equal(describeEnd(sum({ ready: 1 })), "1 photo uploaded");
  assert.equal(describeEnd(sum({ failed: 2 })), "2 photos failed");
  assert.equal(describeEnd(sum({ duplicates: 2 })), "Nothing new to upload");
  assert.equal(describeDuplicates(sum({ ready: 1 })), "");
});
