/** The sources of the viewer's photos. A list of a share link has requests of its own. */

import { request } from "../core/api.js";
import { read, send } from "../core/http.js";
import { fetchPhoto } from "../core/photos.js";
import { session } from "../core/session.js";

/** @typedef {import("../grid/photo-list.js").GridList} GridList */

/** Types that every browser shows. */
const SHOWN = new Set(["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"]);

/** Fetch a photo again, with fresh signed URLs. @param {GridList | null} list @param {string} photoId @returns {Promise<Photo>} */
export function refetch(list, photoId) {
  return list?.source?.refetch?.(photoId) ?? fetchPhoto(photoId);
}

/** Return the URL that saves the photo. @param {GridList | null} list @param {string} photoId @returns {Promise<string>} */
export async function findDownload(list, photoId) {
  const { url } = await (list?.source?.download?.(photoId) ?? request("GET", `photos/${photoId}/download`));
  return url;
}

/**
 * Return a picture with all pixels, or null if the browser cannot show one. An original is not turned yet.
 * @param {GridList | null} list @param {Photo} photo
 * @returns {Promise<{url: string, isOriginal: boolean} | null>}
 */
export async function findFullSize(list, photo) {
  const { photoId, contentType, visibility } = photo;
  if (list?.source?.download) return { url: (await list.source.download(photoId)).url, isOriginal: false };
  const isOriginal = isOwn(photo);
  if (!isOriginal || SHOWN.has(contentType)) return { url: await findDownload(list, photoId), isOriginal };
  if (visibility === "private") return null;
  // Visitors get a copy that browsers show, so ask as a visitor.
  const { url } = await read(await send("GET", `photos/${photoId}/download`, null));
  return { url, isOriginal: false };
}

/** @param {Photo} photo */
export function isOwn({ userId }) {
  return userId === session.userId;
}

/** Return whether the photo is shown, and not in the bin. @param {Photo} photo */
export function isListed({ status, trashedAt }) {
  return status === "ready" && !trashedAt;
}

/** Return whether users may rate the photo. A visitor sees a private photo only by a share link, which gives no right to rate. @param {Photo} photo */
export function isRateable(photo) {
  return isListed(photo) && (photo.visibility !== "private" || isOwn(photo));
}

/** Return whether the photo can be changed from this list. @param {GridList | null} list @param {Photo} photo */
export function canChange(list, photo) {
  return isOwn(photo) && list?.source?.canChange !== false;
}

/**
 * Return the place of a photo in its list, such as 3 of 84, or null if the list has not loaded all of its parts.
 * @param {GridList | null} list @param {string} photoId
 */
export function placeOf(list, photoId) {
  if (!list?.hasEnded) return null;
  let before = 0;
  for (const { items, count } of list.sections) {
    const at = items?.findIndex((photo) => photo.photoId === photoId) ?? -1;
    if (at >= 0) return { number: before + at + 1, count: list.sections.reduce((sum, section) => sum + section.count, 0) };
    before += count;
  }
  return null;
}

/** Return the first or the last photo of a list, as far as it is known. @param {GridList | null} list @param {"first" | "last"} end */
export async function endOf(list, end) {
  if (!list) return null;
  const at = end === "first" ? 0 : list.sections.length - 1;
  if (!list.sections[at]?.items) await list.load(at);
  return list.sections[at]?.items?.at(end === "first" ? 0 : -1) ?? null;
}
