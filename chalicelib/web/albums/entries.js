/** Photos of an album: add them, take them out, and set their positions. Many photos go in batches. */

import { request } from "../core/api.js";
import { ApiError } from "../core/http.js";

const BATCH = 50;
const LONGEST_WAIT = 60;
const WAITS = 5;

/**
 * @typedef {{photoId: string, position?: number}} Entry
 * @typedef {{photoId: string, position: number | null, previousPosition: number | null, error: string | null, message: string | null}} EntryResult
 */

/**
 * Add photos to an album in their order, or move them to a position. Without a position, a new photo goes to the end,
 * and a photo of the album stays where it is: its result tells its position.
 * @param {string} albumId
 * @param {Entry[]} entries
 * @param {(done: number) => void} [onProgress]
 */
export function putEntries(albumId, entries, onProgress) {
  return inBatches(entries, (items) => request("POST", `albums/${albumId}/photos`, { body: { items } }), onProgress);
}

/** @param {string} albumId @param {string[]} photoIds @param {(done: number) => void} [onProgress] */
export function removeEntries(albumId, photoIds, onProgress) {
  return inBatches(photoIds, (ids) => request("POST", `albums/${albumId}/photos/remove`, { body: { photoIds: ids } }), onProgress);
}

/**
 * Send items in batches, one after the other. A batch that fails as a whole gives each of its photos that error,
 * unless it is the first one.
 * @template Item
 * @param {Item[]} items
 * @param {(batch: Item[]) => Promise<{items: EntryResult[]}>} sendBatch
 * @param {(done: number) => void} [onProgress]
 */
async function inBatches(items, sendBatch, onProgress) {
  /** @type {EntryResult[]} */
  const results = [];
  for (let start = 0; start < items.length; start += BATCH) {
    const batch = items.slice(start, start + BATCH);
    try {
      results.push(...(await patiently(() => sendBatch(batch))).items);
    } catch (error) {
      if (!start || !(error instanceof ApiError)) throw error;
      results.push(...batch.map((item) => failed(item, error)));
    }
    onProgress?.(Math.min(start + BATCH, items.length));
  }
  return results;
}

/** Wait and send again while the service is busy. @template Answer @param {() => Promise<Answer>} sendOnce */
async function patiently(sendOnce) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await sendOnce();
    } catch (error) {
      const isBusy = error instanceof ApiError && error.status === 429 && error.retryAfter <= LONGEST_WAIT;
      if (!isBusy || attempt > WAITS) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.max(1, error.retryAfter) * 1000));
    }
  }
}

/** @param {unknown} item @param {ApiError} error @returns {EntryResult} */
function failed(item, error) {
  const photoId = typeof item === "string" ? item : /** @type {Entry} */ (item).photoId;
  return { photoId, position: null, previousPosition: null, error: error.code, message: error.message };
}
