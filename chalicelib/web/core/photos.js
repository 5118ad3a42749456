/** Changes of photos. Every list and view hears of them by events, so that all show the same state. */

import { request } from "./api.js";

/**
 * Dispatches `change` ({photo}), `add` ({photo}: it is in the library, new or restored), `arrive` ({photo}: an upload is
 * ready, and lists do not move for it), and `remove` ({photoIds, to}: they left the library for the bin, or were erased).
 */
export const photoEvents = new EventTarget();

/** @param {"change" | "add" | "arrive"} type @param {Photo} photo */
export function announce(type, photo) {
  photoEvents.dispatchEvent(new CustomEvent(type, { detail: { photo } }));
}

/** @param {string[]} photoIds @param {"bin" | "nowhere"} to */
export function announceRemoval(photoIds, to) {
  photoEvents.dispatchEvent(new CustomEvent("remove", { detail: { photoIds, to } }));
}

/** @param {string} photoId @returns {Promise<Photo>} */
export function fetchPhoto(photoId) {
  return request("GET", `photos/${photoId}`);
}

/** @param {string} photoId @param {Record<string, unknown>} changes @returns {Promise<Photo>} */
export async function changePhoto(photoId, changes) {
  const photo = await request("PATCH", `photos/${photoId}`, { body: changes });
  announce("change", photo);
  return photo;
}

/** Move a photo to the bin. @param {string} photoId */
export async function trashPhoto(photoId) {
  await request("DELETE", `photos/${photoId}`);
  announceRemoval([photoId], "bin");
}

/** @param {string} photoId @returns {Promise<Photo>} */
export async function restorePhoto(photoId) {
  const photo = await request("POST", `photos/${photoId}/restore`);
  announce("add", photo);
  return photo;
}

/** @param {string} photoId */
export async function erasePhoto(photoId) {
  await request("DELETE", `photos/${photoId}`, { query: { permanent: true } });
  announceRemoval([photoId], "nowhere");
}

/** Return the name that the page shows. @param {Photo} photo */
export function nameOf(photo) {
  return photo.title || photo.filename;
}
