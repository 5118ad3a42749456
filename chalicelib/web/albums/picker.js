/** Choose an album for some photos, and add them to it. */

import { openDialog } from "../core/dialogs.js";
import { fill, h } from "../core/dom.js";
import { explain } from "../core/errors.js";
import { icon } from "../core/icons.js";
import { t } from "../core/texts.js";
import { addToAlbum } from "./additions.js";
import { fetchOwnAlbums, matches } from "./albums.js";
import { openNewAlbum } from "./album-form.js";
import { buildCover } from "./card.js";

/**
 * Let the user choose an album, and add the photos to it. Resolve to the album, or to null if none is chosen.
 * @param {Photo[]} photos
 * @returns {Promise<Album | null>}
 */
export function pickAlbum(photos) {
  return new Promise((resolve) => {
    const abort = new AbortController();
    /** @type {Album | null} */
    let chosen = null;
    let isCreating = false;
    const search = h("input", { type: "search", ariaLabel: t("album.find"), placeholder: t("album.find"), oninput: () => show() });
    const list = h("ul", { class: "album-choices", ariaBusy: "true" });
    const dialog = openDialog({ title: t("album.add.title", { count: photos.length }), name: "album-picker", content: [search, newButton(), list], onClose });
    search.focus();
    /** @type {Album[]} */
    let albums = [];
    void load();

    function onClose() {
      abort.abort();
      if (!isCreating) resolve(chosen);
    }

    async function load() {
      try {
        albums = await fetchOwnAlbums(abort.signal);
        show();
      } catch (error) {
        if (!abort.signal.aborted) fill(list, h("li", { class: "error", role: "alert" }, ...explain(error)));
      }
      list.ariaBusy = "false";
    }

    function show() {
      const found = albums.filter((album) => matches(album, search.value.trim()));
      const none = !found.length && h("li", { class: "quiet", role: "status" }, albums.length ? t("album.find.none") : t("album.none"));
      fill(list, found.map((album) => buildChoice(album, () => choose(album))), none);
    }

    /** @param {Album} album */
    function choose(album) {
      chosen = album;
      dialog.close();
      void addToAlbum(album, photos);
    }

    function newButton() {
      const create = () => {
        isCreating = true;
        dialog.close();
        openNewAlbum((album) => {
          chosen = album;
          void addToAlbum(album, photos);
        }, search.value.trim()).addEventListener("close", () => resolve(chosen));
      };
      return h("button", { type: "button", class: "album-choice", onclick: create }, h("span", { class: "album-picture new" }, icon("add")), h("span", null, t("album.new")));
    }
  });
}

/** @param {Album} album @param {() => void} choose */
function buildChoice(album, choose) {
  const text = h("span", null, album.name, h("small", null, t("photos.count", { count: album.photoCount })));
  return h("li", null, h("button", { type: "button", class: "album-choice", onclick: choose }, buildCover(album), text));
}
