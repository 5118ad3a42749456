/** Add photos to an album, or take them out, with progress, one message for the result, and undo. */

import { h } from "../core/dom.js";
import { explain } from "../core/errors.js";
import { href } from "../core/router.js";
import { t } from "../core/texts.js";
import { say, sayProgress } from "../core/toast.js";
import { announceAlbum } from "./albums.js";
import { putEntries, removeEntries } from "./entries.js";

/** From this number of photos on, the progress is shown. */
const MANY = 20;

/** @typedef {import("./entries.js").EntryResult} EntryResult */

/** @param {Album} album @param {Photo[]} photos @param {{isShown?: boolean}} [options] `isShown` leaves out the link to the album */
export async function addToAlbum(album, photos, { isShown = false } = {}) {
  const { albumId } = album;
  try {
    const report = reportProgress("album.adding", photos.length);
    const results = await putEntries(albumId, photos.map(({ photoId }) => ({ photoId })), report);
    const added = pick(photos, results, (result) => !result.error && result.previousPosition === null);
    if (added.length) announceAlbum("photos", { albumId, added, removed: [] });
    const known = results.filter((result) => !result.error).length - added.length;
    const link = isShown ? [] : [" ", h("a", { href: href(`a/${albumId}`) }, t("show"))];
    say([describe(results, added.length, known, album), ...link], added.length ? undo(() => takeBack(albumId, added)) : null);
  } catch (error) {
    say(explain(error));
  }
}

/** Take photos out of an album. @param {string} albumId @param {Photo[]} photos */
export async function takeOut(albumId, photos) {
  try {
    const results = await removeEntries(albumId, photos.map(({ photoId }) => photoId), reportProgress("album.removing", photos.length));
    const removed = pick(photos, results, (result) => !result.error);
    announceAlbum("photos", { albumId, added: [], removed: removed.map(({ photoId }) => photoId) });
    const positions = results.filter(({ error }) => !error).map(({ photoId, previousPosition }) => ({ photoId, position: previousPosition ?? undefined }));
    const failures = describeFailures(results);
    say([t("album.removed", { count: removed.length }), failures], removed.length ? undo(() => putBack(albumId, removed, positions)) : null);
  } catch (error) {
    say(explain(error));
  }
}

/** @param {string} albumId @param {Photo[]} photos */
async function takeBack(albumId, photos) {
  const ids = photos.map(({ photoId }) => photoId);
  await removeEntries(albumId, ids);
  announceAlbum("photos", { albumId, added: [], removed: ids });
}

/** @param {string} albumId @param {Photo[]} photos @param {import("./entries.js").Entry[]} positions */
async function putBack(albumId, photos, positions) {
  await putEntries(albumId, positions);
  announceAlbum("photos", { albumId, added: photos, removed: [], isUndo: true });
}

/** @param {() => Promise<void>} run */
function undo(run) {
  return { label: t("undo"), run: () => void run().then(() => say(t("undone")), (error) => say(explain(error))) };
}

/** @param {EntryResult[]} results @param {number} added @param {number} known @param {Album} album */
function describe(results, added, known, { name }) {
  const parts = [added > 0 && t("album.added", { count: added, name }), known > 0 && t("album.added.known", { count: known, name }), describeFailures(results)];
  return parts.filter(Boolean).join(" ");
}

/** @param {EntryResult[]} results */
function describeFailures(results) {
  const failed = results.filter(({ error }) => error);
  return failed.length > 0 && ` ${t("album.failed", { count: failed.length, reason: failed[0].message ?? "" })}`;
}

/** @param {Photo[]} photos @param {EntryResult[]} results @param {(result: EntryResult) => boolean} takes */
function pick(photos, results, takes) {
  const ids = new Set(results.filter(takes).map(({ photoId }) => photoId));
  return photos.filter(({ photoId }) => ids.has(photoId));
}

/** @param {"album.adding" | "album.removing"} key @param {number} count */
function reportProgress(key, count) {
  if (count < MANY) return undefined;
  const show = (/** @type {number} */ done) => sayProgress(t(key, { done, count }), done / count);
  show(0);
  return show;
}
