/** States of uploads, pauses between attempts, and the time that is left. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { computePause, Outage, Pace } from "../../chalicelib/web/uploads/pace.js";
import { chooseNext, findWakeTime, isRetryable, newUpload, prepareRetry, reachesMore, revive, sumUp, takeFault } from "../../chalicelib/web/uploads/queue.js";

/** @typedef {import("../../chalicelib/web/uploads/queue.js").Upload} Upload */

/** @param {Partial<Upload>} [changes] @returns {Upload} */
function upload(changes) {
  const choices = { title: "", tags: [], visibility: /** @type {const} */ ("private"), albumId: null };
  return { ...newUpload({ name: "a.jpg", type: "image/jpeg", size: 100 }, { batch: "b", userId: "u", place: 0, choices }), ...changes };
}

/** @param {Partial<import("../../chalicelib/web/uploads/queue.js").Fault>} changes */
const fault = (changes) => ({ status: 0, code: "Unreachable", message: "", requestId: "", retryAfter: 0, ...changes });
const half = () => 0.5;

test("three uploads run at once, in their order", () => {
  const uploads = [upload({ state: "ready" }), upload({ state: "sending" }), upload(), upload({ notBefore: 50 }), upload(), upload()];
  assert.deepEqual(chooseNext(uploads, 10), [uploads[2], uploads[4]]);
  assert.equal(findWakeTime(uploads, 10), 50);
  assert.equal(findWakeTime([upload()], 10), null);
});

test("a lost connection never fails an upload, and does not count as an attempt", () => {
  const changes = takeFault(upload({ attempts: 7 }), fault({}), 1000, half);
  assert.equal(changes.state, "waiting");
  assert.equal(changes.attempts, undefined);
});

test("a fault of the service is retried eight times in all", () => {
  const item = upload();
  for (let attempt = 1; attempt < 8; attempt++) {
    Object.assign(item, takeFault(item, fault({ status: 503, code: "Busy" }), 0, half));
    assert.equal(item.state, "waiting");
  }
  Object.assign(item, takeFault(item, fault({ status: 503, code: "Busy" }), 0, half));
  assert.equal(item.state, "failed");
  assert.ok(isRetryable(item));
});

test("a retry waits as long as the service asks for, but not for hours", () => {
  const limited = { status: 429, code: "TooManyRequests" };
  assert.equal(takeFault(upload(), fault({ ...limited, retryAfter: 30 }), 1000, half).notBefore, 31_000);
  assert.equal(takeFault(upload(), fault({ ...limited, retryAfter: 7200 }), 0, half).state, "failed");
  assert.equal(takeFault(upload(), fault({ status: 429, code: "QuotaExceeded" }), 0, half).state, "failed");
});

test("a rejected or unreadable file fails at once", () => {
  const rejected = upload(takeFault(upload(), fault({ status: 422, code: "NotAnImage" }), 0));
  assert.equal(rejected.state, "failed");
  assert.ok(!isRetryable(rejected));
  const unreadable = upload(takeFault(upload(), fault({ code: "Unreadable" }), 0));
  assert.ok(isRetryable(unreadable));
});

test("a retry after the album was deleted asks for a grant without the album, with a new key", () => {
  const item = upload({ state: "failed", fault: fault({ status: 404, code: "AlbumGone" }) });
  item.choices.albumId = "album";
  const changes = prepareRetry(item);
  assert.equal(changes.choices?.albumId, null);
  assert.notEqual(changes.key ?? item.key, item.key);
  assert.equal(prepareRetry(upload({ state: "failed", fault: fault({ status: 503 }) })).key, undefined);
});

test("an interrupted upload goes on after a reload, and a failed one stays failed", () => {
  assert.equal(revive(upload({ state: "processing" })).state, "waiting");
  assert.equal(revive(upload({ state: "failed" })).state, undefined);
});

test("the total counts bytes of all uploads but the failed ones", () => {
  const states = /** @type {const} */ (["ready", "duplicate", "failed", "waiting", "processing"]);
  const sum = sumUp([...states.map((state) => upload({ state })), upload({ state: "sending", sent: 0.25 })]);
  assert.deepEqual(sum, { count: 6, settled: 3, ready: 1, duplicates: 1, failed: 1, retryable: 1, bytes: 500, sentBytes: 325 });
});

test("a duplicate is said only if more people see it than the user asked for", () => {
  assert.ok(reachesMore("public", "private") && reachesMore("unlisted", "private") && reachesMore("public", "unlisted"));
  assert.ok(!reachesMore("private", "public") && !reachesMore("public", "public"));
});

test("pauses double up to a minute", () => {
  const pauses = [1, 2, 3, 7, 50].map((attempts) => computePause(attempts, 0, () => 1));
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 60_000, 60_000]);
});

test("uploads that fail together are one failure of the connection", () => {
  const outage = new Outage();
  for (const now of [100, 110, 120]) outage.note(now, half);
  assert.equal(outage.attempts, 1);
  outage.hurry();
  outage.note(5_000, half);
  assert.equal(outage.attempts, 2);
  outage.end();
  assert.equal(outage.until, 0);
});

test("the time left follows the speed of the last seconds", () => {
  const pace = new Pace();
  assert.equal(pace.secondsLeft(100), null);
  for (let second = 0; second <= 60; second++) pace.note(second < 30 ? second : 30 + (second - 30) * 10, second * 1000);
  assert.equal(Math.round(pace.secondsLeft(100) ?? 0), 10);
  pace.note(0, 61_000);
  assert.equal(pace.secondsLeft(100), null);
});
