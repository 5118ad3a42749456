/** Move a photo within an album: at once on the screen, then in the album. Moves run one after the other. */

import { Complaint, explain } from "../core/errors.js";
import { t } from "../core/texts.js";
import { say, sayWithUndo } from "../core/toast.js";
import { putEntries } from "./entries.js";
import { planMove } from "./positions.js";

/** Neighbours on each side whose positions are read. The last one suffices for a batch that was added at once. */
const REACHES = [1, 24, 240, Infinity];

/** @typedef {import("../grid/photo-list.js").PhotoList} PhotoList */

export class Mover {
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();

  /** @param {string} albumId @param {PhotoList} list in the order of positions */
  constructor(albumId, list) {
    this.albumId = albumId;
    this.list = list;
  }

  /**
   * Move a photo to an index of the list. If that fails, it goes back.
   * @param {string} photoId
   * @param {number} index
   */
  move(photoId, index) {
    const before = this.list.items;
    const photo = this.list.find(photoId);
    if (!photo || before.indexOf(photo) === index) return;
    const after = before.filter((each) => each !== photo);
    after.splice(index, 0, photo);
    this.list.arrange(after);
    this.#last = this.#last.then(() => this.#save(photoId, before, after));
  }

  /** @param {string} photoId @param {Photo[]} before @param {Photo[]} after */
  async #save(photoId, before, after) {
    try {
      const previous = await this.#write(photoId, after.map((photo) => photo.photoId));
      sayWithUndo(t("album.moved"), () => void this.#undo(before, previous));
    } catch (error) {
      this.list.arrange(before);
      say(explain(error));
    }
  }

  /** @param {string} photoId @param {string[]} order @returns {Promise<import("./entries.js").Entry[]>} the positions before */
  async #write(photoId, order) {
    const at = order.indexOf(photoId);
    // Behind the last photo that is loaded there may be others, so load the next page before the photo becomes the last.
    if (at === order.length - 1 && !this.list.hasEnded) {
      await this.list.load();
      order.push(...this.list.items.map((photo) => photo.photoId).filter((id) => !order.includes(id)));
    }
    for (const reach of REACHES) {
      const known = await this.#read(order.slice(Math.max(0, at - reach), at + reach + 1));
      const plan = planMove(order, at, known);
      if (!plan) continue;
      const results = await putEntries(this.albumId, plan);
      const failed = results.find(({ error }) => error);
      if (failed) throw new Complaint(failed.message ?? "");
      return plan.map((entry) => ({ photoId: entry.photoId, position: known.get(entry.photoId) ?? 0 }));
    }
    throw new Complaint(t("album.order.changed"));
  }

  /** Return the positions of photos. Putting a photo without a position changes nothing. @param {string[]} photoIds */
  async #read(photoIds) {
    const results = await putEntries(this.albumId, photoIds.map((photoId) => ({ photoId })));
    return new Map(results.map(({ photoId, position }) => [photoId, position ?? 0]));
  }

  /** @param {Photo[]} order @param {import("./entries.js").Entry[]} positions */
  #undo(order, positions) {
    this.list.arrange(order);
    this.#last = this.#last.then(async () => {
      try {
        await putEntries(this.albumId, positions);
        say(t("undone"));
      } catch (error) {
        say(explain(error));
      }
    });
    return this.#last;
  }
}
