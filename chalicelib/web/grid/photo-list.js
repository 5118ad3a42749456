/** Lists of photos that load page by page. */

import { request } from "../core/api.js";
import { ApiError } from "../core/http.js";
import { photoEvents } from "../core/photos.js";

/**
 * A part of a list with a heading of its own. `items` is null until it is loaded, and `count` is then an estimate.
 * @typedef {{key: string, title: string, count: number, items: Photo[] | null}} Section
 */

/**
 * What the grid and the viewer need of a list. A list dispatches "change" when its sections have changed. The viewer
 * dispatches "reveal" ({photoId}) at it when the viewer closes, so that the grid gives that photo the focus.
 * @typedef {EventTarget & {
 *   sections: Section[], hasEnded: boolean, error: unknown, isLoading: boolean,
 *   source?: PhotoSource,
 *   find: (photoId: string) => Photo | undefined,
 *   neighbour: (photoId: string, by: 1 | -1) => Promise<Photo | null>,
 *   load: (section: number) => Promise<void>, retry: () => Promise<void>, close: () => void,
 * }} GridList
 */

/**
 * @typedef {object} ListOptions
 * @property {string} path
 * @property {Record<string, string | number>} [query]
 * @property {Record<string, string>} [headers]
 * @property {boolean} [isPublic] request the first page before it is known who is signed in
 * @property {(photo: Photo) => boolean} [takes] return whether a photo that was added or changed belongs to the list
 * @property {(a: Photo, b: Photo) => number} [compare] the order; without it, new photos come first
 * @property {PhotoSource} [source] how the photos are read, if not by the routes of single photos
 * @property {(photo: Photo) => boolean} [filter] leave out the photos of a page for which this returns false
 * @property {boolean} [isBin] the list holds trashed photos, so restored ones leave it
 */

const PAGE = 50;

/** One list in one section. */
export class PhotoList extends EventTarget {
  hasEnded = false;
  /** @type {unknown} */
  error = null;
  /** @type {string | null} */
  #lastKey = null;
  /** @type {Promise<void> | null} */
  #loading = null;
  #hasRestarted = false;
  #abort = new AbortController();
  /** @type {Map<string, Photo>} */
  #photos = new Map();
  /** The same array until the list changes, so that the grid can keep its layout. @type {Photo[] | null} */
  #items = null;
  #options;

  /** @param {ListOptions} options */
  constructor(options) {
    super();
    this.#options = options;
    this.source = options.source;
    const { signal } = this.#abort;
    photoEvents.addEventListener("change", (event) => this.#change(detail(event).photo), { signal });
    photoEvents.addEventListener("add", (event) => this.#add(detail(event).photo), { signal });
    photoEvents.addEventListener("remove", (event) => this.#remove(detail(event).photoIds), { signal });
  }

  get items() {
    this.#items ??= [...this.#photos.values()];
    return this.#items;
  }

  /** @type {Section[]} */
  get sections() {
    return [{ key: "all", title: "", count: this.#photos.size, items: this.items }];
  }

  get isLoading() {
    return this.#loading !== null;
  }

  /** @param {string} photoId */
  find(photoId) {
    return this.#photos.get(photoId);
  }

  /**
   * Return the photo before or after a photo. Load the next page if that is needed.
   * @param {string} photoId
   * @param {1 | -1} by
   * @returns {Promise<Photo | null>}
   */
  async neighbour(photoId, by) {
    const at = this.items.findIndex((photo) => photo.photoId === photoId);
    if (at < 0) return null;
    if (at + by === this.items.length) await this.load();
    return this.items[at + by] ?? null;
  }

  /** Load the next page, unless the list has ended or failed. Calls share one request. */
  load() {
    if (this.hasEnded || this.error) return Promise.resolve();
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null;
      this.#report();
    });
    return this.#loading;
  }

  /** Load the page again that failed. */
  retry() {
    this.error = null;
    this.#report();
    return this.load();
  }

  close() {
    this.#abort.abort();
  }

  async #load() {
    const { path, query = {}, headers, isPublic } = this.#options;
    /** @type {Record<string, string>} */
    const cursor = this.#lastKey ? { lastKey: this.#lastKey } : {};
    try {
      const options = { query: { limit: PAGE, ...query, ...cursor }, headers, isPublic, signal: this.#abort.signal };
      /** @type {PageOf<Photo>} */
      const page = await request("GET", path, options);
      this.#append(page);
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      const isExpired = error instanceof ApiError && error.code === "InvalidCursor" && !this.#hasRestarted;
      if (!isExpired) this.error = error;
      // The cursor has expired or its session has ended. Begin again: `#append` skips the photos that are shown.
      this.#lastKey = null;
      this.#hasRestarted = true;
      if (isExpired) await this.#load();
    }
  }

  /** @param {PageOf<Photo>} page */
  #append({ items, lastKey }) {
    this.#items = null;
    const { filter = () => true } = this.#options;
    for (const photo of items.filter(filter)) {
      if (!this.#photos.has(photo.photoId)) this.#hasRestarted = false;
      this.#photos.set(photo.photoId, photo);
    }
    this.#lastKey = lastKey;
    this.hasEnded = lastKey === null;
  }

  /** @param {Photo} photo */
  #change(photo) {
    if (!this.#photos.has(photo.photoId)) return;
    const { takes = () => true } = this.#options;
    if (takes(photo)) this.#photos.set(photo.photoId, photo);
    else this.#photos.delete(photo.photoId);
    this.#report();
  }

  /** @param {Photo} photo */
  #add(photo) {
    const { takes, compare, isBin } = this.#options;
    if (isBin) return this.#remove([photo.photoId]);
    if (!takes?.(photo)) return undefined;
    this.#items = null;
    const others = this.items.filter(({ photoId }) => photoId !== photo.photoId);
    const at = compare ? others.findIndex((other) => compare(photo, other) < 0) : 0;
    // A photo that comes after all others belongs to a page that is not loaded yet.
    if (at < 0 && !this.hasEnded) return undefined;
    others.splice(at < 0 ? others.length : at, 0, photo);
    this.#photos = new Map(others.map((other) => [other.photoId, other]));
    return this.#report();
  }

  /** Set the order of photos by hand. @param {Photo[]} photos */
  arrange(photos) {
    this.#photos = new Map(photos.map((photo) => [photo.photoId, photo]));
    this.#report();
  }

  /** @param {string[]} photoIds */
  #remove(photoIds) {
    const removed = photoIds.filter((photoId) => this.#photos.delete(photoId));
    if (removed.length) this.#report();
  }

  /** Take photos out of this list only. @param {string[]} photoIds */
  drop(photoIds) {
    this.#remove(photoIds);
  }

  #report() {
    this.#items = null;
    if (!this.#abort.signal.aborted) this.dispatchEvent(new Event("change"));
  }
}

/** @param {Event} event */
function detail(event) {
  return /** @type {CustomEvent} */ (event).detail;
}
