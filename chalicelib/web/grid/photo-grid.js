/** The grid of photos. It holds only the tiles near the screen, so that long lists stay fast. */

import { fill, h } from "../core/dom.js";
import { explain } from "../core/errors.js";
import { formatDay, localTime } from "../core/format.js";
import { icon } from "../core/icons.js";
import { t } from "../core/texts.js";
import { Geometry } from "./geometry.js";
import { listenToGrid } from "./grid-input.js";
import { buildTile, placeTile } from "./tile.js";

/** Screens above and below the visible one that have tiles. */
const MARGIN = 1;
const PHONE = matchMedia("(max-width: 760px)");
const GAP = 4;
/** The usual width of the chips beside the first month. */
const CHIPS = 640;

/**
 * @typedef {object} GridOptions
 * @property {import("./photo-list.js").GridList} list
 * @property {import("./selection.js").Selection | null} [selection] without it, photos cannot be selected
 * @property {boolean} [isOwn] show who can see each photo
 * @property {boolean} [hasDays] show a label at the first photo of each day
 * @property {(photo: Photo) => string} [note] a text on each photo
 * @property {() => Node} [empty] what to show if the list is empty
 * @property {string} label the name of the list for screen readers
 */

export class PhotoGrid {
  geometry = new Geometry();
  /** The photo that has the focus, or would get it by the Tab key. @type {string | null} */
  focusedId = null;
  /** @type {Map<string, HTMLElement>} */
  #sections = new Map();
  /** @type {Map<string, {item: HTMLElement, photo: Photo}>} */
  #tiles = new Map();
  /** @type {import("./geometry.js").Space | null} */
  #space = null;
  #frame = 0;
  #isStale = false;
  #abort = new AbortController();
  #canvas = h("div", { class: "grid-canvas" });
  #note = h("div", { class: "grid-note", role: "status" });
  #resize = new ResizeObserver(() => this.#measure());

  /** @param {GridOptions} options */
  constructor(options) {
    this.options = options;
    this.list = options.list;
    this.selection = options.selection ?? null;
    this.element = h("div", { class: "grid", role: "group", ariaLabel: options.label }, this.#canvas, this.#note);
    const { signal } = this.#abort;
    this.list.addEventListener("change", () => this.#layOutSoon(), { signal });
    this.list.addEventListener("reveal", (event) => this.focus(/** @type {CustomEvent} */ (event).detail.photoId), { signal });
    this.selection?.addEventListener("change", () => this.#showSelection(), { signal });
    addEventListener("online", () => void (this.list.error && this.list.retry()), { signal });
    addEventListener("scroll", () => this.#schedule(), { signal, passive: true });
    listenToGrid(this);
    this.#resize.observe(this.element);
    void this.list.load(0);
    this.#showNote();
  }

  close() {
    this.#abort.abort();
    this.#resize.disconnect();
    cancelAnimationFrame(this.#frame);
    this.list.close();
  }

  /** Return the loaded photos in the order of the grid. @returns {Photo[]} */
  get photos() {
    return this.list.sections.flatMap(({ items }) => items ?? []);
  }

  /** Return the photo of the tile that holds an element. @param {EventTarget | null} target */
  photoOf(target) {
    const tile = target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest("[data-photo-id]")) : null;
    return tile?.dataset.photoId ? this.list.find(tile.dataset.photoId) : undefined;
  }

  /** Scroll to a photo and give it the focus. @param {string} photoId */
  focus(photoId) {
    const place = this.geometry.locate(photoId);
    if (!place) return;
    this.focusedId = photoId;
    this.#reveal(place.top, place.height);
    this.#render();
    this.#tiles.get(photoId)?.item.querySelector("a")?.focus({ preventScroll: true });
  }

  /** Make the photo that has the focus the stop of the Tab key. @param {string} photoId */
  followFocus(photoId) {
    this.focusedId = photoId;
    this.#moveTabStop();
  }

  /** Scroll to a section, and load it. @param {number} at */
  showSection(at) {
    const block = this.geometry.blocks[at];
    if (block) scrollTo({ top: this.#offset() + block.top - this.#inset() });
  }

  /** Return the number of the section at the top of the screen. */
  get firstVisible() {
    const { blocks } = this.geometry;
    const y = scrollY + this.#inset() - this.#offset() + 1;
    const last = blocks.findLast((block) => block.top <= y);
    return Math.max(0, blocks.findIndex(({ top }) => top === last?.top));
  }

  #measure() {
    const width = this.#canvas.clientWidth;
    if (!width) return;
    // Labels and headings grow with the text.
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const sizes = PHONE.matches ? { rowHeight: 128, labelHeight: 2.75 * rem, aside: 0 } : { rowHeight: 232, labelHeight: 2.5 * rem, aside: CHIPS };
    this.#space = { width, gap: GAP, heading: 3.5 * rem, hasDays: Boolean(this.options.hasDays), rem, ...sizes };
    this.#layOut();
  }

  /** A batch changes many photos at once, so place the tiles once for all of them. */
  #layOutSoon() {
    if (this.#isStale) return;
    this.#isStale = true;
    queueMicrotask(() => {
      this.#isStale = false;
      if (!this.#abort.signal.aborted) this.#layOut();
    });
  }

  /** Place all tiles anew. Keep the first visible section in its place on the screen. */
  #layOut() {
    if (!this.#space) return this.#showNote();
    const anchor = this.geometry.blocks[this.firstVisible];
    const before = anchor?.top ?? 0;
    this.geometry.update(this.list.sections, this.#space);
    this.#canvas.style.height = `${this.geometry.height}px`;
    const after = this.geometry.blocks.find(({ section }) => section.key === anchor?.section.key)?.top ?? before;
    if (after !== before && scrollY > 0) scrollBy(0, after - before);
    this.#render();
    return this.#showNote();
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#render();
    });
  }

  /** Show the tiles near the screen, remove all others, and load what is missing. */
  #render() {
    if (!this.#space || !this.element.isConnected) return;
    const top = scrollY - this.#offset();
    const from = top - innerHeight * MARGIN;
    const to = top + innerHeight * (1 + MARGIN);
    const blocks = this.geometry.between(from, to);
    const shown = new Set(blocks.map(({ section }) => section.key));
    for (const [key, element] of this.#sections) if (!shown.has(key)) this.#drop(this.#sections, key, element);
    const hadFocus = this.#canvas.contains(document.activeElement);
    const plan = blocks.map((block) => ({ block, boxes: this.geometry.boxes(block, from, to) }));
    const wanted = new Set(plan.flatMap(({ boxes }) => boxes.map(({ photo }) => photo.photoId)));
    for (const [photoId, { item }] of this.#tiles) if (!wanted.has(photoId)) this.#drop(this.#tiles, photoId, item);
    for (const { block, boxes } of plan) this.#renderBlock(block, boxes);
    this.#loadMissing(blocks, to);
    this.#moveTabStop();
    if (hadFocus && !this.#canvas.contains(document.activeElement)) this.#keepFocus();
    this.element.dispatchEvent(new Event("render"));
  }

  /** @param {Map<string, unknown>} map @param {string} key @param {HTMLElement} element */
  #drop(map, key, element) {
    map.delete(key);
    element.remove();
  }

  /** Screen readers follow the order of the elements, so a new tile goes to its place among the others. @param {import("./geometry.js").Block} block @param {import("./geometry.js").Box[]} boxes */
  #renderBlock(block, boxes) {
    const section = this.#section(block);
    // A heading sticks to the bar only if its section is placed without a transform.
    Object.assign(section.style, { top: `${block.top}px`, left: `${block.left}px`, width: `${block.width}px`, height: `${block.height}px` });
    const list = /** @type {HTMLElement} */ (section.querySelector("ul"));
    for (const [at, box] of boxes.entries()) {
      const item = this.#tile(box);
      placeTile(item, box.photo, box);
      if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null);
    }
  }

  /** @param {import("./geometry.js").Block} block */
  #section({ section: { key, title, count, items } }) {
    let element = this.#sections.get(key);
    if (!element) {
      element = h("section", { class: "grid-section" }, title && h("h2", null, title, h("span")), h("ul"));
      this.#sections.set(key, element);
      this.#canvas.append(element);
    }
    const counter = element.querySelector("h2 span");
    const words = t("photos.count", { count: items?.length ?? count });
    if (counter && counter.textContent !== words) counter.textContent = words;
    return element;
  }

  /** @param {import("./geometry.js").Box} box */
  #tile(box) {
    const { photo, count } = box;
    const label = box.label && `${box.label} ${count}`;
    const known = this.#tiles.get(photo.photoId);
    // A changed photo is another object, and gets a new tile.
    if (known?.photo === photo && known.item.dataset.count === label) return known.item;
    known?.item.remove();
    const item = buildTile(photo, { isOwn: Boolean(this.options.isOwn), isSelectable: Boolean(this.selection), note: this.options.note?.(photo), source: this.list.source });
    Object.assign(item.dataset, { label: box.label, count: label });
    if (label) item.prepend(this.#dayLabel(box));
    this.#tiles.set(photo.photoId, { item, photo });
    item.classList.toggle("selected", Boolean(this.selection?.has(photo.photoId)));
    return item;
  }

  /** @param {import("./geometry.js").Box} box */
  #dayLabel({ photo, day, label, count }) {
    const text = formatDay(localTime(photo));
    const ring = this.selection && h("button", { type: "button", class: "day-ring", tabIndex: -1, dataset: { day }, ariaLabel: t("select.day", { day: text }) }, icon("check"));
    return h("div", { class: "day-label" }, ring, h("span", null, text), label === "above" && h("small", null, t("photos.count", { count })));
  }

  /** @param {import("./geometry.js").Block[]} blocks @param {number} to */
  #loadMissing(blocks, to) {
    for (const block of blocks) if (!block.section.items) void this.list.load(this.geometry.blocks.indexOf(block));
    if (!this.list.hasEnded && to > this.geometry.height) void this.list.load(this.geometry.blocks.length - 1);
  }

  /** Let the Tab key reach exactly one tile and the ring of its day. Arrow keys move on from there. */
  #moveTabStop() {
    const focused = this.focusedId && this.#tiles.get(this.focusedId);
    const first = this.#canvas.querySelector("li.tile");
    const stop = focused ? focused.item : first;
    for (const control of this.#canvas.querySelectorAll('[tabindex="0"]')) /** @type {HTMLElement} */ (control).tabIndex = -1;
    for (const control of stop?.querySelectorAll("a, .day-ring") ?? []) /** @type {HTMLElement} */ (control).tabIndex = 0;
  }

  /** The tile that had the focus is gone. Give the focus to its successor, or to the first tile on the screen. */
  #keepFocus() {
    const items = [...this.#tiles.values()].map(({ item }) => item);
    const known = this.focusedId && this.#tiles.get(this.focusedId)?.item;
    const item = known || (items.find((each) => each.getBoundingClientRect().top >= this.#inset()) ?? items[0]);
    if (item) item.querySelector("a")?.focus({ preventScroll: true });
    else document.querySelector("main")?.focus({ preventScroll: true });
  }

  #showSelection() {
    const count = this.selection?.size ?? 0;
    this.element.classList.toggle("selecting", count > 0);
    for (const [photoId, { item }] of this.#tiles) item.classList.toggle("selected", Boolean(this.selection?.has(photoId)));
  }

  #showNote() {
    const { error, isLoading, hasEnded } = this.list;
    const isEmpty = hasEnded && !this.list.sections.some(({ count }) => count);
    this.element.ariaBusy = String(isLoading);
    if (error) {
      const retry = h("button", { type: "button", class: "button", onclick: () => this.list.retry() }, t("retry"));
      fill(this.#note, h("p", { class: "error" }, ...explain(error)), retry);
    } else fill(this.#note, isEmpty && this.options.empty?.());
  }

  /** @param {number} top @param {number} height */
  #reveal(top, height) {
    const start = this.#offset() + top;
    const inset = this.#inset() + 48;
    if (start < scrollY + inset) scrollTo({ top: start - inset });
    else if (start + height > scrollY + innerHeight - 80) scrollTo({ top: start + height - innerHeight + 80 });
  }

  /** The distance from the top of the page to the grid. */
  #offset() {
    return this.#canvas.getBoundingClientRect().top + scrollY;
  }

  /** The height of the bar, which covers the top of the page. */
  #inset() {
    return document.querySelector(".bar")?.getBoundingClientRect().height ?? 0;
  }
}
