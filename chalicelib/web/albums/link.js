/** A share link as a visitor uses it: its album, its photos and its password. */

import { request } from "../core/api.js";
import { ApiError } from "../core/http.js";
import { PhotoList } from "../grid/photo-list.js";

/** Passwords that were right, until the tab is closed. They are kept apart from the page's other choices. */
const PREFIX = "photoshare.link.";

/** The album that a password has just opened. The view shows it without a second check of the password. @type {{token: string, album: Album} | null} */
let opened = null;

export class Link {
  /** @param {string} token */
  constructor(token) {
    this.token = token;
    this.path = `shared/${encodeURIComponent(token)}`;
    this.password = recallPassword(token);
  }

  /** @returns {Record<string, string>} */
  get headers() {
    // Headers carry only ASCII.
    return this.password === null ? {} : { "X-Link-Password": encodeURIComponent(this.password) };
  }

  /** @returns {Promise<Album>} */
  fetchAlbum() {
    return request("GET", this.path, { headers: this.headers, isPublic: true });
  }

  /** Return the album that was just unlocked, or fetch it. */
  open() {
    const known = opened?.token === this.token ? opened.album : null;
    opened = null;
    return known ?? this.fetchAlbum();
  }

  /** Try a password, and keep it if it is right. Throws ApiError if it is wrong. @param {string} password */
  async unlock(password) {
    this.password = password;
    try {
      opened = { token: this.token, album: await this.fetchAlbum() };
      keepPassword(this.token, password);
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  forget() {
    this.password = null;
    keepPassword(this.token, null);
  }

  /** @param {string} order */
  buildList(order) {
    return new PhotoList({ path: `${this.path}/photos`, query: { order }, headers: this.headers, isPublic: true, source: this.source });
  }

  /** @param {string} photoId */
  photoHref(photoId) {
    return `s/${encodeURIComponent(this.token)}?${new URLSearchParams({ photo: photoId })}`;
  }

  /** @returns {PhotoSource} */
  get source() {
    return {
      photoHref: (photoId) => this.photoHref(photoId),
      refetch: (photoId) => this.#refetch(photoId),
      download: (photoId) => this.#download(photoId),
      canChange: false,
    };
  }

  /** @param {string} photoId @returns {Promise<{url: string}>} */
  #download(photoId) {
    return request("GET", `${this.path}/photos/${photoId}/download`, { headers: this.headers, isPublic: true });
  }

  /** Links have no route for a single photo, so look for it page by page. @param {string} photoId @returns {Promise<Photo>} */
  async #refetch(photoId) {
    let lastKey = null;
    do {
      /** @type {PageOf<Photo>} */
      const page = await request("GET", `${this.path}/photos`, { headers: this.headers, query: { limit: 100, ...(lastKey ? { lastKey } : {}) } });
      const photo = page.items.find((each) => each.photoId === photoId);
      if (photo) return photo;
      lastKey = page.lastKey;
    } while (lastKey);
    throw new ApiError(404, { error: "NotFound" });
  }
}

/** @param {string} token */
function recallPassword(token) {
  try {
    return sessionStorage.getItem(PREFIX + token);
  } catch {
    return null; // The browser blocks storage.
  }
}

/** @param {string} token @param {string | null} password */
function keepPassword(token, password) {
  try {
    if (password === null) sessionStorage.removeItem(PREFIX + token);
    else sessionStorage.setItem(PREFIX + token, password);
  } catch {
    // The browser blocks storage. The visitor has to type the password again after a reload.
  }
}
