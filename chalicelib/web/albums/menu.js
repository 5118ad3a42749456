/** The menu of one's own album: describe it, who can see it, its order, and its deletion. */

import { confirmed, openDialog, openMenu } from "../core/dialogs.js";
import { h } from "../core/dom.js";
import { explain } from "../core/errors.js";
import { navigate } from "../core/router.js";
import { t } from "../core/texts.js";
import { say, sayWithUndo } from "../core/toast.js";
import { changeAlbum, deleteAlbum } from "./albums.js";
import { openDescription, openVisibility } from "./album-form.js";

/**
 * @param {HTMLElement} button
 * @param {Album} album
 * @param {{arrange: () => void, chooseCover: () => void}} actions
 */
export function openAlbumMenu(button, album, { arrange, chooseCover }) {
  openMenu(button, [
    { label: t("album.describe"), icon: "edit", run: () => openDescription(album) },
    { label: t("album.arrange"), icon: "move", run: arrange },
    { label: t("album.cover.choose"), icon: "library", run: chooseCover },
    { label: t("album.visibility"), icon: "eye", run: () => openVisibility(album) },
    { label: t("album.delete"), icon: "bin", run: () => askForDeletion(album), isDanger: true },
  ]);
}

/** Set the cover of an album, with undo. @param {Album} album @param {string} photoId */
export async function setCover(album, photoId) {
  const previous = album.coverPhotoId;
  try {
    await changeAlbum(album.albumId, { coverPhotoId: photoId });
    sayWithUndo(t("album.cover.set"), () => void changeAlbum(album.albumId, { coverPhotoId: previous }).catch((error) => say(explain(error))));
  } catch (error) {
    say(explain(error));
  }
}

/** @param {Album} album */
function askForDeletion(album) {
  if (!album.photoCount) return void deleteIfConfirmed(album, "keep");
  const choose = (/** @type {"keep" | "delete"} */ photos) => () => {
    dialog.close();
    void deleteIfConfirmed(album, photos);
  };
  const option = (/** @type {"keep" | "delete"} */ photos, /** @type {string} */ look) => h("button", { type: "button", class: `button ${look}`, onclick: choose(photos) }, t(`album.delete.${photos}`, { count: album.photoCount }));
  const buttons = h("div", { class: "album-deletion" }, option("keep", ""), option("delete", "danger outline"), h("button", { type: "button", class: "button plain", onclick: () => dialog.close() }, t("cancel")));
  const dialog = openDialog({ title: t("album.delete.title", { name: album.name }), content: [h("p", { class: "quiet" }, t("album.delete.text")), buttons] });
  return undefined;
}

/** @param {Album} album @param {"keep" | "delete"} photos */
async function deleteIfConfirmed(album, photos) {
  const question = { title: t("album.delete.sure", { name: album.name }), text: t(`album.delete.${photos}.text`, { count: album.photoCount }), yes: t(`album.delete.${photos}.yes`, { count: album.photoCount }) };
  if (!(await confirmed(question))) return;
  try {
    await deleteAlbum(album.albumId, photos);
    await navigate("a", { isReplacement: true });
    say(t("album.deleted"));
  } catch (error) {
    say(explain(error));
  }
}
