/** What the owner does with the photo in the viewer. */

import { confirmed } from "../core/dialogs.js";
import { explain } from "../core/errors.js";
import { announce, changePhoto, erasePhoto, fetchPhoto, restorePhoto, trashPhoto } from "../core/photos.js";
import { openPhoto } from "../core/router.js";
import { say, sayWithUndo } from "../core/toast.js";
import { t } from "../core/texts.js";
import { findDownload, isListed } from "./sources.js";

const POLL = 1_500;
const POLL_MOST = 10_000;
const POLL_END = 15 * 60_000;

/** @typedef {import("./viewer.js").Viewer} Viewer */

/** Save the photo as a file. @param {Viewer} viewer @param {Photo} photo */
export async function download({ list }, { photoId }) {
  const link = document.createElement("a");
  link.href = await findDownload(list, photoId);
  link.download = "";
  link.click();
}

/** @param {Photo} photo */
export async function addToAlbum(photo) {
  const { pickAlbum } = await import("../albums/picker.js");
  await pickAlbum([photo]);
}

/** Turn the photo. A job makes its pictures again, so wait for that. @param {Photo} photo @param {90 | -90} by */
export async function rotate(photo, by) {
  const now = photo.wantedRotation ?? photo.rotation;
  const changed = await changePhoto(photo.photoId, { rotation: (now + by + 360) % 360 });
  if (changed.wantedRotation !== null) void watchRotation(photo.photoId);
}

/** The photos whose rotation is watched. @type {Set<string>} */
const watched = new Set();

/** Ask until the rotation is done, and tell all lists. @param {string} photoId */
export async function watchRotation(photoId) {
  if (watched.has(photoId)) return;
  watched.add(photoId);
  const end = Date.now() + POLL_END;
  for (let pause = POLL; Date.now() < end; pause = Math.min(POLL_MOST, pause * 1.3)) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    const photo = await fetchPhoto(photoId).catch((error) => (error.isTemporary ? null : undefined));
    if (photo === null || (photo && isListed(photo) && photo.wantedRotation !== null)) continue;
    if (photo && isListed(photo)) announce("change", photo);
    break;
  }
  watched.delete(photoId);
}

/** @param {Viewer} viewer @param {Photo} photo */
export async function moveToBin(viewer, photo) {
  await leave(viewer, photo, () => trashPhoto(photo.photoId));
  sayWithUndo(t("viewer.binned"), () => void undo(viewer, photo.photoId));
}

/** @param {Viewer} viewer @param {string} photoId */
async function undo(viewer, photoId) {
  try {
    await restorePhoto(photoId);
    say(t("viewer.restored"));
    if (viewer.isOpen) await openPhoto(photoId);
  } catch (error) {
    say(explain(error), { label: t("retry"), run: () => void undo(viewer, photoId) });
  }
}

/** @param {Viewer} viewer @param {Photo} photo */
export async function restore(viewer, photo) {
  await leave(viewer, photo, () => restorePhoto(photo.photoId));
  say(t("viewer.restored"));
}

/** @param {Viewer} viewer @param {Photo} photo */
export async function erase(viewer, photo) {
  if (!(await confirmed({ title: t("viewer.erase.title"), text: t("viewer.erase.text"), yes: t("viewer.erase") }))) return;
  // The photo may have been restored on another device or by an undo. Then it must live.
  const current = await fetchPhoto(photo.photoId);
  if (!current.trashedAt) {
    announce("add", current);
    say(t("viewer.erase.alive"));
    return;
  }
  await leave(viewer, photo, () => erasePhoto(photo.photoId));
  say(t("viewer.erased"));
}

/** Remove the photo from its list, and show the next one. Without a next one, close. @param {Viewer} viewer @param {Photo} photo @param {() => Promise<unknown>} run */
async function leave(viewer, photo, run) {
  const { photoId } = photo;
  const { list } = viewer;
  const next = (await list?.neighbour(photoId, 1)) ?? (await list?.neighbour(photoId, -1));
  await run();
  if (viewer.photo?.photoId !== photoId) return;
  if (next) await openPhoto(next.photoId);
  else viewer.leave();
}
