/** What a person can do with the selected photos. Each action shows its progress, its failures and, if it can, an undo. */

import { request } from "../core/api.js";
import { confirmed, openForm } from "../core/dialogs.js";
import { h } from "../core/dom.js";
import { explain } from "../core/errors.js";
import { announce, announceRemoval } from "../core/photos.js";
import { t } from "../core/texts.js";
import { say, sayProgress, sayWithUndo } from "../core/toast.js";
import { sendChanges, senderTo, sendInBatches } from "./batches.js";

const DOWNLOAD_PAUSE = 400;

/** @typedef {import("./batches.js").Result} Result */
/** @typedef {"batch.trashed" | "batch.restored" | "batch.erased" | "batch.tagged" | "batch.shown"} DoneKey */

/** @param {Photo[]} photos */
export async function trash(photos) {
  const done = await run(idsOf(photos), senderTo("trash"), "batch.trashed", (results) => announceRemoval(succeeded(results), "bin"));
  if (done.length) sayWithUndo(summary("batch.trashed", photos.length, done.length), () => void restore(pick(photos, done), true));
  return done.length > 0;
}

/** @param {Photo[]} photos @param {boolean} [isUndo] */
export async function restore(photos, isUndo = false) {
  const put = (/** @type {Result[]} */ results) => {
    for (const { error, photo } of results) if (!error && photo) announce("add", photo);
  };
  const done = await run(idsOf(photos), senderTo("trash/restore"), "batch.restored", put);
  if (!done.length) return false;
  if (isUndo) say(summary("batch.restored", photos.length, done.length));
  else sayWithUndo(summary("batch.restored", photos.length, done.length), () => void trash(pick(photos, done)));
  return true;
}

/** @param {Photo[]} photos */
export async function erase(photos) {
  const count = photos.length;
  if (!(await confirmed({ title: t("batch.erase.ask", { count }), text: t("bin.ask.text"), yes: t("batch.erase", { count }), no: t("keep") }))) return false;
  const done = await run(idsOf(photos), senderTo("trash/erase"), "batch.erased", (results) => announceRemoval(succeeded(results), "nowhere"));
  if (done.length) say(summary("batch.erased", count, done.length));
  return done.length > 0;
}

/** @param {Photo[]} photos */
export async function openVisibility(photos) {
  const [{ visibility: first }] = photos;
  const common = photos.every(({ visibility }) => visibility === first) ? first : null;
  const { buildVisibilityField } = await import("../core/visibility-field.js");
  const data = await ask({ title: t("batch.visibility", { count: photos.length }), fields: [buildVisibilityField(common, { isTitled: true })], yes: t("batch.visibility.change") });
  return data !== null && change(photos, () => ({ visibility: data.get("visibility") }), "batch.shown", ({ visibility }) => ({ visibility }));
}

/** @param {Photo[]} photos */
export async function openTags(photos) {
  const { buildTagChoices } = await import("./tag-choices.js");
  const { fields, edit } = buildTagChoices(photos);
  if (!(await ask({ title: t("batch.tag", { count: photos.length }), fields, yes: t("batch.tags.change") }))) return false;
  const changed = photos.filter((photo) => edit(photo).join("\n") !== photo.tags.join("\n"));
  if (!changed.length) return true;
  return change(changed, (photo) => ({ tags: edit(photo) }), "batch.tagged", ({ tags }) => ({ tags }));
}

/** Resolve to the fields of a form, or to null if the person cancels. @param {{title: string, fields: HTMLElement[], yes: string}} form @returns {Promise<FormData | null>} */
function ask(form) {
  return new Promise((resolve) => {
    const dialog = openForm({ ...form, submit: async (data) => resolve(data) });
    dialog.addEventListener("close", () => resolve(null));
  });
}

/**
 * Browsers ask once whether a page may download several files.
 * @param {Photo[]} photos
 * @param {PhotoSource} [source] how the photos are read, if not by the routes of single photos
 */
export async function download(photos, source = {}) {
  try {
    for (const [at, { photoId }] of photos.entries()) {
      const { url } = await (source.download?.(photoId) ?? request("GET", `photos/${photoId}/download`));
      h("a", { href: url, download: "" }).click();
      if (photos.length === 1) return;
      sayProgress(t("batch.downloading", { count: at + 1, total: photos.length }), (at + 1) / photos.length);
      await new Promise((resolve) => setTimeout(resolve, DOWNLOAD_PAUSE));
    }
    say(t("batch.downloaded", { count: photos.length }));
  } catch (error) {
    say(explain(error));
  }
}

/**
 * Change photos, and offer to undo it.
 * @param {Photo[]} photos
 * @param {(photo: Photo) => Record<string, unknown>} changesOf
 * @param {DoneKey} key
 * @param {((photo: Photo) => Record<string, unknown>) | null} previousOf returns the changes that undo it; null for an undo
 */
async function change(photos, changesOf, key, previousOf) {
  const show = (/** @type {Result[]} */ results) => {
    for (const { error, photo } of results) if (!error && photo) announce("change", photo);
  };
  const done = await run(photos.map((photo) => ({ photoId: photo.photoId, changes: changesOf(photo) })), sendChanges, key, show);
  if (!done.length) return false;
  const text = summary(key, photos.length, done.length);
  if (previousOf) sayWithUndo(text, () => void change(pick(photos, done), previousOf, key, null));
  else say(t("batch.undone", { count: done.length }));
  return true;
}

/**
 * Run an action with progress. Return the ids of the photos for which it succeeded.
 * @template Item
 * @param {Item[]} items
 * @param {(batch: Item[]) => Promise<Result[]>} send
 * @param {DoneKey} key
 * @param {(results: Result[]) => void} apply
 */
async function run(items, send, key, apply) {
  /** @type {Result[]} */
  let results = [];
  try {
    await sendInBatches(items, send, (done, some) => {
      apply(some);
      results = results.concat(some);
      if (items.length > some.length) sayProgress(t("batch.progress", { count: done, total: items.length }), done / items.length);
    });
  } catch (error) {
    say(explain(error));
    if (!succeeded(results).length) return [];
  }
  const done = succeeded(results);
  const failed = results.find(({ error }) => error);
  if (!done.length && failed) say(`${summary(key, items.length, 0)} ${failed.message}`);
  return done;
}

/** @param {DoneKey} key @param {number} total @param {number} done */
function summary(key, total, done) {
  return done === total ? t(key, { count: done }) : t("batch.partly", { done: t(key, { count: done }), count: total - done });
}

/** @param {Result[]} results */
function succeeded(results) {
  return results.filter(({ error }) => !error).map(({ photoId }) => photoId);
}

/** @param {Photo[]} photos @param {string[]} photoIds */
function pick(photos, photoIds) {
  const wanted = new Set(photoIds);
  return photos.filter(({ photoId }) => wanted.has(photoId));
}

/** @param {Photo[]} photos */
function idsOf(photos) {
  return photos.map(({ photoId }) => photoId);
}
