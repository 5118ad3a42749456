/** One's own photos by the date they were taken, one section for each month. A month loads when it comes near. */

import { request } from "../core/api.js";
import { formatMonth, localTime } from "../core/format.js";
import { photoEvents } from "../core/photos.js";

const PAGE = 100;

/** @typedef {import("./photo-list.js").Section} Section */

export class Timeline extends EventTarget {
  /** @type {Section[]} */
  sections = [];
  hasEnded = false;
  /** @type {unknown} */
  error = null;
  /** @type {Promise<void> | null} */
  #months = null;
  /** @type {Map<string, Promise<void>>} */
  #loads = new Map();
  #abort = new AbortController();

  constructor() {
    super();
    const { signal } = this.#abort;
    photoEvents.addEventListener("change", (event) => this.#replace(/** @type {CustomEvent} */ (event).detail.photo), { signal });
    photoEvents.addEventListener("add", (event) => this.#insert(/** @type {CustomEvent} */ (event).detail.photo), { signal });
    photoEvents.addEventListener("remove", (event) => this.#remove(/** @type {CustomEvent} */ (event).detail.photoIds), { signal });
  }

  get isLoading() {
    return this.#loads.size > 0 || !this.hasEnded;
  }

  /** @param {string} photoId */
  find(photoId) {
    for (const { items } of this.sections) {
      const photo = items?.find((each) => each.photoId === photoId);
      if (photo) return photo;
    }
    return undefined;
  }

  /** @param {string} photoId @param {1 | -1} by @returns {Promise<Photo | null>} */
  async neighbour(photoId, by) {
    const at = this.sections.findIndex(({ items }) => items?.some((photo) => photo.photoId === photoId));
    const items = this.sections[at]?.items;
    if (!items) return null;
    const index = items.findIndex((photo) => photo.photoId === photoId) + by;
    if (items[index]) return items[index];
    if (!this.sections[at + by]) return null;
    await this.load(at + by);
    return this.sections[at + by].items?.at(by > 0 ? 0 : -1) ?? null;
  }

  /** Load a month, and before it the number of photos of each month. @param {number} at */
  async load(at) {
    if (this.error) return;
    this.#months ??= this.#loadMonths();
    await this.#months;
    const section = this.sections[at];
    if (!section || section.items || this.error) return;
    let loading = this.#loads.get(section.key);
    if (!loading) {
      loading = this.#loadMonth(section).finally(() => this.#loads.delete(section.key));
      this.#loads.set(section.key, loading);
    }
    await loading;
  }

  async retry() {
    this.error = null;
    if (!this.sections.length) this.#months = null;
    this.#report();
    await this.load(0);
  }

  close() {
    this.#abort.abort();
  }

  async #loadMonths() {
    try {
      /** @type {{items: {month: string, count: number}[]}} */
      const { items } = await request("GET", "photos/months", { query: { scope: "mine" }, signal: this.#abort.signal });
      this.sections = items.map(({ month, count }) => toSection(month, count, null));
      this.hasEnded = true;
    } catch (error) {
      this.#fail(error);
    }
    this.#report();
  }

  /** @param {Section} section */
  async #loadMonth(section) {
    /** @type {Photo[]} */
    const items = [];
    /** @type {string | null} */
    let lastKey = null;
    try {
      do {
        /** @type {Record<string, string | number>} */
        const query = { scope: "mine", order: "taken", limit: PAGE, ...boundsOf(section.key), ...(lastKey ? { lastKey } : {}) };
        /** @type {PageOf<Photo>} */
        const page = await request("GET", "photos", { query, signal: this.#abort.signal });
        items.push(...page.items);
        lastKey = page.lastKey;
      } while (lastKey);
      section.items = items;
      section.count = items.length;
    } catch (error) {
      this.#fail(error);
    }
    this.#report();
  }

  /** @param {unknown} error */
  #fail(error) {
    if (!this.#abort.signal.aborted) this.error = error;
  }

  /** @param {Photo} photo */
  #replace(photo) {
    const section = this.sections.find(({ items }) => items?.some(({ photoId }) => photoId === photo.photoId));
    if (!section) return;
    const old = section.items?.find(({ photoId }) => photoId === photo.photoId);
    if (old && orderKey(old) !== orderKey(photo)) {
      this.#take([photo.photoId]);
      this.#insert(photo);
      return;
    }
    section.items = (section.items ?? []).map((each) => (each.photoId === photo.photoId ? photo : each));
    this.#report();
  }

  /** @param {Photo} photo */
  #insert(photo) {
    if (this.find(photo.photoId)) return;
    const key = orderKey(photo).slice(0, 7);
    let section = this.sections.find((each) => each.key === key);
    if (!section) {
      section = toSection(key, 0, []);
      this.sections = [...this.sections, section].sort((a, b) => (a.key < b.key ? 1 : -1));
    }
    section.count++;
    if (section.items) section.items = [...section.items, photo].sort((a, b) => (orderKey(a) + a.photoId < orderKey(b) + b.photoId ? 1 : -1));
    this.#report();
  }

  /** @param {string[]} photoIds */
  #remove(photoIds) {
    this.#take(photoIds);
    this.#report();
  }

  /** @param {string[]} photoIds */
  #take(photoIds) {
    for (const section of this.sections) {
      const items = section.items?.filter(({ photoId }) => !photoIds.includes(photoId));
      if (items && items.length !== section.items?.length) Object.assign(section, { items, count: items.length });
    }
    this.sections = this.sections.filter(({ count }) => count > 0);
  }

  #report() {
    if (!this.#abort.signal.aborted) this.dispatchEvent(new Event("change"));
  }
}

/** @param {string} month @param {number} count @param {Photo[] | null} items @returns {Section} */
function toSection(month, count, items) {
  return { key: month, title: formatMonth(new Date(`${month}-01T00:00:00Z`)), count, items };
}

/** Return the bounds of a month in local time. @param {string} month */
function boundsOf(month) {
  const [year, number] = month.split("-").map(Number);
  const next = new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 7);
  return { from: `${month}-01T00:00:00Z`, to: `${next}-01T00:00:00Z` };
}

/** @param {Photo} photo */
function orderKey(photo) {
  return localTime(photo).toISOString();
}
