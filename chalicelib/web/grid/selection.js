/** The photos that a person has selected. */

/** Dispatches "change". */
export class Selection extends EventTarget {
  /** @type {Map<string, Photo>} */
  #photos = new Map();
  /** The tile at which the last range began. @type {string | null} */
  #anchor = null;

  get size() {
    return this.#photos.size;
  }

  get photos() {
    return [...this.#photos.values()];
  }

  /** @param {string} photoId */
  has(photoId) {
    return this.#photos.has(photoId);
  }

  /** @param {Photo} photo */
  toggle(photo) {
    if (!this.#photos.delete(photo.photoId)) this.#photos.set(photo.photoId, photo);
    this.#anchor = photo.photoId;
    this.#report();
  }

  /** Select all of some photos, or none of them if all are selected. @param {Photo[]} photos */
  toggleAll(photos) {
    const isComplete = photos.every(({ photoId }) => this.#photos.has(photoId));
    for (const photo of photos) {
      if (isComplete) this.#photos.delete(photo.photoId);
      else this.#photos.set(photo.photoId, photo);
    }
    this.#report();
  }

  /** Select from the last toggled photo to this one. @param {Photo} photo @param {Photo[]} order */
  extend(photo, order) {
    const from = order.findIndex(({ photoId }) => photoId === this.#anchor);
    const to = order.indexOf(photo);
    if (from < 0 || to < 0) return this.toggle(photo);
    for (const each of order.slice(Math.min(from, to), Math.max(from, to) + 1)) this.#photos.set(each.photoId, each);
    return this.#report();
  }

  /** Replace the selection. @param {Photo[]} photos */
  replace(photos) {
    this.#photos = new Map(photos.map((photo) => [photo.photoId, photo]));
    this.#report();
  }

  /** @param {string[]} photoIds */
  remove(photoIds) {
    const removed = photoIds.filter((photoId) => this.#photos.delete(photoId));
    if (removed.length) this.#report();
  }

  clear() {
    if (!this.#photos.size) return;
    this.#photos.clear();
    this.#anchor = null;
    this.#report();
  }

  #report() {
    this.dispatchEvent(new Event("change"));
  }
}
