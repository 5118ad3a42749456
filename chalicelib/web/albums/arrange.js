/** The mode in which the user puts the photos of an album in order, by dragging or by keys. */

import { h } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { nameOf } from "../core/photos.js";
import { t } from "../core/texts.js";
import { showToolbar } from "../frame/frame.js";
import { PhotoDrag } from "./arrange-drag.js";
import { Mover } from "./moves.js";

const PICK_KEYS = ["m", "M", " ", "Enter"];

/** While it exists, the grid moves photos instead of opening them. */
export class Arranging {
  /** The photo that is picked up. @type {string | null} */
  heldId = null;
  #abort = new AbortController();
  #voice = h("p", { class: "unseen", role: "status", ariaLive: "assertive" });
  #mover;

  /**
   * @param {string} albumId
   * @param {import("../grid/photo-grid.js").PhotoGrid} grid
   * @param {import("../grid/photo-list.js").PhotoList} list in the order of positions
   * @param {() => void} onEnd
   */
  constructor(albumId, grid, list, onEnd) {
    this.grid = grid;
    this.list = list;
    this.onEnd = onEnd;
    this.#mover = new Mover(albumId, list);
    const { signal } = this.#abort;
    grid.selection?.clear();
    grid.element.classList.add("arranging");
    grid.element.append(this.#voice);
    grid.element.addEventListener("keydown", (event) => this.#onKey(event), { capture: true, signal });
    grid.element.addEventListener("render", () => this.#mark(), { signal });
    new PhotoDrag(this, signal);
    showToolbar(this.#buildToolbar());
    grid.focus(grid.focusedId ?? list.items[0].photoId);
  }

  end() {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    this.hold(null);
    this.#voice.remove();
    this.grid.element.classList.remove("arranging");
    showToolbar(null);
    this.onEnd();
  }

  /** Pick a photo up, or put it down with null. @param {string | null} photoId */
  hold(photoId) {
    const photo = photoId && this.list.find(photoId);
    this.heldId = photo ? photo.photoId : null;
    if (photo) this.#say("arrange.held", photo);
    this.#mark();
  }

  /** @param {string} photoId @param {number} index */
  move(photoId, index) {
    const photo = this.list.find(photoId);
    const at = Math.max(0, Math.min(index, this.list.items.length - 1));
    if (!photo || this.list.items.indexOf(photo) === at) return;
    this.#mover.move(photoId, at);
    // The grid places its tiles after this turn.
    queueMicrotask(() => this.grid.focus(photoId));
    this.#say("arrange.moved", photo);
  }

  /** @param {"arrange.held" | "arrange.moved"} key @param {Photo} photo */
  #say(key, photo) {
    const { items } = this.list;
    this.#voice.textContent = t(key, { name: nameOf(photo), at: items.indexOf(photo) + 1, count: items.length });
  }

  /** New tiles come with every scroll, so mark the held one again. */
  #mark() {
    for (const tile of /** @type {NodeListOf<HTMLElement>} */ (this.grid.element.querySelectorAll("li.tile"))) tile.classList.toggle("held", tile.dataset.photoId === this.heldId);
  }

  #buildToolbar() {
    const done = h("button", { type: "button", class: "button primary", onclick: () => this.end() }, t("done"));
    const words = h("p", { class: "arrange-hint" }, h("strong", null, t("album.arrange")), h("span", { class: "by-mouse" }, t("arrange.hint")), h("span", { class: "by-touch" }, t("arrange.hint.touch")));
    return h("div", { class: "toolbar arrange-bar", role: "toolbar", ariaLabel: t("album.arrange") }, icon("move"), words, done);
  }

  /**
   * Pick up and put down by M, Space or Enter. Arrow keys move the photo that is picked up, and with Ctrl the focused one.
   * @param {KeyboardEvent} event
   */
  #onKey(event) {
    const photoId = /** @type {HTMLElement} */ (event.target).closest("li")?.dataset.photoId;
    if (!photoId) return;
    const isUsed = event.key === "Escape" ? this.#leave() : this.#pickUp(photoId, event) || this.#moveByKey(photoId, event);
    if (!isUsed) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Put the photo down that is picked up, or end the mode. */
  #leave() {
    if (this.heldId) this.hold(null);
    else this.end();
    return true;
  }

  /** @param {string} photoId @param {KeyboardEvent} event */
  #pickUp(photoId, event) {
    if (!PICK_KEYS.includes(event.key) || hasCommand(event)) return false;
    this.hold(this.heldId ? null : photoId);
    return true;
  }

  /** @param {string} photoId @param {KeyboardEvent} event */
  #moveByKey(photoId, event) {
    if (!this.heldId && !hasCommand(event)) return false;
    const moved = this.heldId ?? photoId;
    const index = this.#target(moved, event.key);
    if (index === null) return false;
    this.move(moved, index);
    return true;
  }

  /** Return the index to which a key moves a photo, or null. @param {string} photoId @param {string} key */
  #target(photoId, key) {
    const { items } = this.list;
    const at = items.findIndex((photo) => photo.photoId === photoId);
    const last = items.length - 1;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[key];
    if (to !== undefined) return to;
    if (key !== "ArrowUp" && key !== "ArrowDown") return null;
    const over = this.grid.geometry.acrossRows(photoId, key === "ArrowUp" ? -1 : 1);
    if (over && typeof over === "object") return items.indexOf(over);
    return key === "ArrowUp" ? 0 : last;
  }
}

/** @param {KeyboardEvent} event */
function hasCommand(event) {
  return event.ctrlKey || event.metaKey;
}
