/** What the user chooses for all photos: who can see them, an album, and tags. */

import { request } from "../core/api.js";
import { Creation } from "../core/creation.js";
import { h } from "../core/dom.js";
import { recall, remember } from "../core/preferences.js";
import { wrapSelect } from "../core/select.js";
import { buildTagField } from "../core/tag-field.js";
import { t } from "../core/texts.js";
import { VISIBILITIES } from "../core/visibility-field.js";

const NEW = "new";

/** Return the visibility that an account chose last. @param {string} userId @returns {Visibility} */
export function recallVisibility(userId) {
  const recalled = recall(`visibility.${userId}`);
  return VISIBILITIES.map(([name]) => name).find((name) => name === recalled) ?? "private";
}

/** @param {string} userId @param {Visibility} visibility */
export function rememberVisibility(userId, visibility) {
  remember(`visibility.${userId}`, visibility);
}

/** The choice of an album: one's own albums, or a new one. */
export class AlbumChoice {
  #select = h("select", { id: "upload-album", onchange: () => this.#show() }, h("option", { value: "" }, t("upload.album.none")), h("option", { value: NEW }, t("upload.album.new")));
  #name = h("input", { type: "text", maxLength: 200, required: true, disabled: true, ariaLabel: t("upload.album.name"), placeholder: t("upload.album.name") });
  #creation = new Creation();
  element = h("div", { class: "field" }, h("label", { htmlFor: this.#select.id }, t("upload.album")), wrapSelect(this.#select, "album"), this.#name);

  /** @param {Pick<Album, "albumId" | "name"> | undefined} chosen the album that is chosen at first */
  constructor(chosen) {
    this.#name.hidden = true;
    if (chosen) this.#add(chosen);
    this.#select.value = chosen?.albumId ?? "";
    void this.#load().catch(() => {
      // Without the list, the user can still upload, and choose an album later.
    });
  }

  /** Return the id of the chosen album, or null. A new album is created. @param {Visibility} visibility @param {string} userId @returns {Promise<string | null>} */
  async settle(visibility, userId) {
    if (this.#select.value !== NEW) return this.#select.value || null;
    /** @type {Album} */
    const album = await this.#creation.send("albums", { name: this.#name.value.trim(), visibility }, { asUser: userId });
    // If a later step fails, the next attempt takes this album.
    this.#add(album);
    this.#select.value = album.albumId;
    this.#show();
    return album.albumId;
  }

  async #load() {
    let lastKey = "";
    do {
      /** @type {PageOf<Album>} */
      const page = await request("GET", "albums", { query: { scope: "mine", limit: 100, ...(lastKey && { lastKey }) } });
      page.items.forEach((album) => this.#add(album));
      lastKey = page.lastKey ?? "";
    } while (lastKey);
  }

  /** @param {Pick<Album, "albumId" | "name">} album */
  #add({ albumId, name }) {
    if ([...this.#select.options].some(({ value }) => value === albumId)) return;
    this.#select.lastElementChild?.before(h("option", { value: albumId }, name));
  }

  #show() {
    const isNew = this.#select.value === NEW;
    this.#name.hidden = this.#name.disabled = !isNew;
    if (isNew) this.#name.focus();
  }
}

export function buildTags() {
  const field = buildTagField([]);
  return { element: h("div", { class: "field" }, h("span", null, t("tags")), field.element), field };
}
