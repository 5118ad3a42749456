/** Photos of an album: add them, take them out, and set their positions. */

import { request } from "../core/api.js";
import { sendInBatches } from "../selection/batches.js";

/**
 * @typedef {{photoId: string, position?: number}} Entry
 * @typedef {import("../selection/batches.js").Result & {position: number | null, previousPosition: number | null}} EntryResult
 */

/**
 * Add photos to an album in their order, or move them to a position. Without a position, a new photo goes to the end.
 * A photo that is in the album already keeps its position, and its result contains the position.
 * @param {string} albumId
 * @param {Entry[]} entries
 * @param {(done: number) => void} [onProgress]
 */
export function putEntries(albumId, entries, onProgress) {
  return sendEntries(entries, (items) => request("POST", `albums/${albumId}/photos`, { body: { items } }), onProgress);
}

/** @param {string} albumId @param {string[]} photoIds @param {(done: number) => void} [onProgress] */
export function removeEntries(albumId, photoIds, onProgress) {
  return sendEntries(photoIds, (ids) => request("POST", `albums/${albumId}/photos/remove`, { body: { photoIds: ids } }), onProgress);
}

/**
 * @template Item
 * @param {Item[]} items
 * @param {(batch: Item[]) => Promise<{items: EntryResult[]}>} send
 * @param {(done: number) => void} [onProgress]
 */
async function sendEntries(items, send, onProgress) {
  const results = await sendInBatches(items, async (batch) => (await send(batch)).items, (done) => onProgress?.(done));
  return /** @type {EntryResult[]} */ (results);
}
