/** Choose an album for some photos, and add them to it. */

import { openDialog } from "../core/dialogs.js";
import { fill, h } from "../core/dom.js";
import { explain } from "../core/errors.js";
import { icon } from "../core/icons.js";
import { t } from "../core/texts.js";
import { addToAlbum } from "./additions.js";
import { openNewAlbum } from "./album-form.js";
import { fetchOwnAlbums, matches } from "./albums.js";
import { buildCover } from "./card.js";
import { loadStyle } from "../core/styles.js";

await loadStyle("albums");

/**
 * Let the user choose an album, and add the photos to it. Resolve to the album, or to null if none is chosen.
 * @param {Photo[]} photos
 * @returns {Promise<Album | null>}
 */
export async function pickAlbum(photos) {
  const album = await new Promise((resolve) => new AlbumPicker(photos.length, resolve));
  if (album) void addToAlbum(album, photos);
  return album;
}

class AlbumPicker {
  /** @type {Album[]} */
  #albums = [];
  #abort = new AbortController();
  #isCreating = false;
  #search = h("input", { type: "search", ariaLabel: t("album.find"), placeholder: t("album.find"), oninput: () => this.#show() });
  #list = h("ul", { class: "album-choices", ariaBusy: "true" });

  /** @param {number} count @param {(album: Album | null) => void} resolve */
  constructor(count, resolve) {
    this.resolve = resolve;
    const create = h("button", { type: "button", class: "album-choice", onclick: () => this.#create() }, h("span", { class: "album-picture new" }, icon("add")), h("span", null, t("album.new")));
    this.dialog = openDialog({ title: t("album.add.title", { count }), name: "album-picker", content: [this.#search, create, this.#list], onClose: () => this.#close() });
    this.#search.focus();
    void this.#load();
  }

  async #load() {
    try {
      this.#albums = await fetchOwnAlbums(this.#abort.signal);
      this.#show();
    } catch (error) {
      if (!this.#abort.signal.aborted) fill(this.#list, h("li", { class: "error", role: "alert" }, ...explain(error)));
    }
    this.#list.ariaBusy = "false";
  }

  #show() {
    const found = this.#albums.filter((album) => matches(album, this.#search.value.trim()));
    const none = !found.length && h("li", { class: "quiet", role: "status" }, t(this.#albums.length ? "album.find.none" : "album.none"));
    fill(this.#list, found.map((album) => buildChoice(album, () => this.#choose(album))), none);
  }

  /** @param {Album} album */
  #choose(album) {
    this.resolve(album);
    this.dialog.close();
  }

  #create() {
    this.#isCreating = true;
    this.dialog.close();
    openNewAlbum(this.resolve, this.#search.value.trim()).addEventListener("close", () => this.resolve(null));
  }

  #close() {
    this.#abort.abort();
    if (!this.#isCreating) this.resolve(null);
  }
}

/** @param {Album} album @param {() => void} choose */
function buildChoice(album, choose) {
  const text = h("span", null, album.name, h("small", null, t("photos.count", { count: album.photoCount })));
  return h("li", null, h("button", { type: "button", class: "album-choice", onclick: choose }, buildCover(album), text));
}
