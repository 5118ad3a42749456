/** Send an action for many photos in batches. Single failures do not stop the rest. */

import { request } from "../core/api.js";
import { ApiError } from "../core/http.js";

const BATCH = 50;
const ATTEMPTS = 4;
const PAUSE = 1_000;

/**
 * The result for one photo. `error` is null if the action succeeded.
 * @typedef {{photoId: string, error: string | null, message: string | null, photo?: Photo | null}} Result
 */

/**
 * Send items in batches, and report the results of each one.
 * @template Item
 * @param {Item[]} items
 * @param {(batch: Item[]) => Promise<Result[]>} send
 * @param {(done: number, results: Result[]) => void} report
 * @returns {Promise<Result[]>}
 */
export async function sendInBatches(items, send, report) {
  /** @type {Result[]} */
  const all = [];
  for (let at = 0; at < items.length; at += BATCH) {
    const batch = items.slice(at, at + BATCH);
    const results = await sendBatch(batch, send);
    all.push(...results);
    report(Math.min(items.length, at + BATCH), results);
  }
  return all;
}

/**
 * Send one batch. Repeat the items that failed only for a time.
 * @template Item
 * @param {Item[]} batch
 * @param {(batch: Item[]) => Promise<Result[]>} send
 * @returns {Promise<Result[]>}
 */
async function sendBatch(batch, send) {
  /** @type {Result[]} */
  const results = [];
  let pending = batch.map((item, index) => ({ item, index }));
  for (let attempt = 1; pending.length; attempt++) {
    const answer = await sendOnce(pending.map(({ item }) => item), send, attempt);
    for (const [at, { index }] of pending.entries()) results[index] = answer[at];
    pending = attempt < ATTEMPTS ? pending.filter(({ index }) => isTemporary(results[index])) : [];
    if (pending.length) await sleep(PAUSE * 2 ** (attempt - 1));
  }
  return results;
}

/**
 * @template Item
 * @param {Item[]} items
 * @param {(batch: Item[]) => Promise<Result[]>} send
 * @param {number} attempt
 * @returns {Promise<Result[]>}
 */
async function sendOnce(items, send, attempt) {
  for (;;) {
    try {
      return await send(items);
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isTemporary || attempt >= ATTEMPTS) throw error;
      await sleep(Math.max(PAUSE * 2 ** attempt, error.retryAfter * 1000));
      attempt++;
    }
  }
}

/** @param {Result} result */
function isTemporary({ error }) {
  return error === "Busy" || error === "TooManyRequests" || error === "Conflict";
}

/** @param {{photoId: string, changes: Record<string, unknown>}[]} items @returns {Promise<Result[]>} */
export async function sendChanges(items) {
  return (await request("PATCH", "photos", { body: { items } })).items;
}

/** @param {"trash" | "trash/restore" | "trash/erase"} path */
export function senderTo(path) {
  return async (/** @type {string[]} */ photoIds) => /** @type {Result[]} */ ((await request("POST", path, { body: { photoIds } })).items);
}

/** @param {number} milliseconds */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
