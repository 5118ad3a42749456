/** The states of uploads, without any input or output. */

import { computePause } from "./pace.js";

/**
 * - waiting: it starts when its turn comes.
 * - hashing, sending, processing: it is under way.
 * - ready: the photo is in the library. duplicate: it was there before.
 * - failed: it needs a retry by the user, or cannot succeed.
 * - cancelled: it is not shown any more, but the photo that it may have created is still to be erased.
 * @typedef {"waiting" | "hashing" | "sending" | "processing" | "ready" | "duplicate" | "failed" | "cancelled"} State
 */

/**
 * @typedef {{status: number, code: string, message: string, requestId: string, retryAfter: number}} Fault
 * @typedef {{photoId: string, uploadUrl: string, method: string, headers: Record<string, string>, endsAt: number}} StoredGrant
 */

/**
 * An upload. The browser stores it, so that it survives a reload.
 * @typedef {object} Upload
 * @property {string} id
 * @property {string} batch the uploads that were added together
 * @property {string} userId the account that they belong to
 * @property {number} place the position in the queue
 * @property {string} name
 * @property {string} type
 * @property {number} size
 * @property {Choices} choices
 * @property {State} state
 * @property {number} sent the part that has been sent, from 0 to 1
 * @property {string | null} sha256
 * @property {string} key the Idempotency-Key of the next grant
 * @property {StoredGrant | null} grant
 * @property {boolean} isStored true if the storage has the whole file
 * @property {string[]} granted the ids of all photos that this upload has created
 * @property {number} attempts failed attempts since the last success of a step
 * @property {number} notBefore the time of the next attempt
 * @property {Fault | null} fault
 * @property {string | null} photoId
 * @property {Visibility | null} shownTo the visibility of a duplicate, if it is wider than the user chose
 */

/** @typedef {{title: string, tags: string[], visibility: Visibility, albumId: string | null}} Choices */

export const PARALLEL = 3;
const MAX_ATTEMPTS = 8;
const LONGEST_WAIT = 300;
const RUNNING = ["hashing", "sending", "processing"];
const OPEN = ["waiting", ...RUNNING];
// The service would reject the same bytes again.
const FINAL = [400, 403, 413, 415, 422];
const REACH = { private: 0, unlisted: 1, public: 2 };

/**
 * @param {{name: string, type: string, size: number}} file
 * @param {{batch: string, userId: string, place: number, choices: Choices}} options
 * @returns {Upload}
 */
export function newUpload({ name, type, size }, { batch, userId, place, choices }) {
  return {
    id: crypto.randomUUID(), batch, userId, place, name, type, size, choices, state: "waiting", sent: 0, sha256: null,
    key: crypto.randomUUID(), grant: null, isStored: false, granted: [], attempts: 0, notBefore: 0, fault: null,
    photoId: null, shownTo: null,
  };
}

/** @param {Upload} upload */
export function isRunning({ state }) {
  return RUNNING.includes(state);
}

/** Return whether an upload waits or is under way. @param {Upload} upload */
export function isOpen({ state }) {
  return OPEN.includes(state);
}

/** Return whether a retry of a failed upload may succeed. @param {Upload} upload */
export function isRetryable({ state, fault }) {
  return state === "failed" && !(fault && FINAL.includes(fault.status));
}

/** Return the uploads to start now. @param {Upload[]} uploads @param {number} now */
export function chooseNext(uploads, now) {
  const free = PARALLEL - uploads.filter(isRunning).length;
  return uploads.filter(({ state, notBefore }) => state === "waiting" && notBefore <= now).slice(0, Math.max(0, free));
}

/** Return the time at which the next delayed upload may start, or null. @param {Upload[]} uploads @param {number} now */
export function findWakeTime(uploads, now) {
  const times = uploads.filter(({ state, notBefore }) => state === "waiting" && notBefore > now).map(({ notBefore }) => notBefore);
  return times.length ? Math.min(...times) : null;
}

/** Return whether a fault means that there was no connection. @param {Fault} fault */
export function isLost({ status, code }) {
  return status === 0 && code !== "Unreadable";
}

/**
 * Return the changes of an upload after a fault. Without a connection it waits and never fails. Faults of the service
 * are retried a few times, unless it asks for a long wait.
 * @param {Upload} upload
 * @param {Fault} fault
 * @param {number} now
 * @param {() => number} [random]
 * @returns {Partial<Upload>}
 */
export function takeFault({ attempts }, fault, now, random) {
  const { status, code, retryAfter } = fault;
  if (isLost(fault)) return { state: "waiting", sent: 0, fault };
  const isService = status === 429 || status >= 500 || status === 401 || status === 409;
  const isHopeless = code === "QuotaExceeded" || retryAfter > LONGEST_WAIT || attempts + 1 >= MAX_ATTEMPTS;
  if (!isService || isHopeless) return { state: "failed", sent: 0, fault };
  return { state: "waiting", sent: 0, fault, attempts: attempts + 1, notBefore: now + computePause(attempts + 1, retryAfter, random) };
}

/** Return the changes that start a failed upload again. @param {Upload} upload @returns {Partial<Upload>} */
export function prepareRetry({ fault, choices }) {
  const isAlbumGone = fault?.code === "AlbumGone";
  const changes = /** @type {Partial<Upload>} */ ({ state: "waiting", sent: 0, attempts: 0, notBefore: 0, fault: null });
  // A key is bound to its request, so that another request needs another key.
  return isAlbumGone ? { ...changes, choices: { ...choices, albumId: null }, key: crypto.randomUUID() } : changes;
}

/** Return the changes of an upload that was interrupted by a reload. @param {Upload} upload @returns {Partial<Upload>} */
export function revive({ state }) {
  return RUNNING.includes(state) ? { state: "waiting", sent: 0, notBefore: 0, attempts: 0 } : { notBefore: 0, attempts: 0 };
}

/** Return whether the visibility of a photo is wider than the user chose. @param {Visibility} actual @param {Visibility} wanted */
export function reachesMore(actual, wanted) {
  return REACH[actual] > REACH[wanted];
}

/**
 * @typedef {object} Sum
 * @property {number} count
 * @property {number} settled those that need nothing more: ready, duplicate or failed
 * @property {number} ready
 * @property {number} duplicates
 * @property {number} failed
 * @property {number} retryable
 * @property {number} bytes of all but the failed ones
 * @property {number} sentBytes
 */

/** Add up the uploads of the queue. @param {Upload[]} uploads @returns {Sum} */
export function sumUp(uploads) {
  const sum = { count: 0, settled: 0, ready: 0, duplicates: 0, failed: 0, retryable: 0, bytes: 0, sentBytes: 0 };
  for (const upload of uploads) {
    sum.count++;
    if (!isOpen(upload)) sum.settled++;
    if (upload.state === "ready") sum.ready++;
    if (upload.state === "duplicate") sum.duplicates++;
    if (isRetryable(upload)) sum.retryable++;
    if (upload.state === "failed") sum.failed++;
    else addBytes(sum, upload);
  }
  return sum;
}

/** @param {Sum} sum @param {Upload} upload */
function addBytes(sum, { state, size, sent }) {
  const isSent = ["processing", "ready", "duplicate"].includes(state);
  sum.bytes += size;
  sum.sentBytes += size * (isSent ? 1 : sent);
}
