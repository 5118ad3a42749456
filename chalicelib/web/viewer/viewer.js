/** The viewer: one photo on black, over the view that it was opened from. */

import { fill, h } from "../core/dom.js";
import { explain } from "../core/errors.js";
import { nameOf, photoEvents } from "../core/photos.js";
import { closePhoto, navigate, openPhoto } from "../core/router.js";
import { session } from "../core/session.js";
import { say } from "../core/toast.js";
import { t } from "../core/texts.js";
import { watchRotation } from "./actions.js";
import { Controls } from "./controls.js";
import { listenToStage } from "./gestures.js";
import { Idle } from "./idle.js";
import { listenToKeys } from "./keys.js";
import { findTilePicture, shrink, visibleBox } from "./motion.js";
import { buildMissing, buildRetry, buildState } from "./notices.js";
import { fillPanel } from "./panel.js";
import { largestOf, preload } from "./pictures.js";
import { announceRating, ratePhoto } from "./rating.js";
import { PHONE, Sheet } from "./sheet.js";
import { Slideshow } from "./slideshow.js";
import { isListed, isOwn, isRateable, placeOf, refetch } from "./sources.js";
import { Stage } from "./stage.js";
import { loadStyle } from "../core/styles.js";

await loadStyle("viewer");

/** @typedef {import("../grid/photo-list.js").GridList} GridList */

export class Viewer {
  /** @type {Photo | null} */
  photo = null;
  /** @type {GridList | null} */
  list = null;
  stage = new Stage();
  sheet = new Sheet();
  slideshow = new Slideshow(() => this.step(1));
  #note = h("div", { class: "viewer-note", role: "status" });
  #live = h("p", { class: "unseen", role: "status" });
  #ticket = 0;
  #isBusy = false;
  #entered = 1;
  #isShown = false;
  /** The photo that the panel is about. @type {Photo | null} */
  #described = null;
  /** The title that the viewer gave to the page, and the title before. */
  #title = { given: "", before: "" };

  constructor() {
    this.controls = new Controls(this);
    const main = h("div", { class: "viewer-main" }, this.stage.element, this.controls.bar, ...this.controls.steps, this.controls.zoom, this.#note);
    this.dialog = h("dialog", { class: "viewer", tabIndex: -1, ariaLabel: t("photo") }, main, this.sheet.element, this.#live);
    this.idle = new Idle(this.dialog, () => !this.photo || this.#note.hasChildNodes());
    document.body.append(this.dialog);
    this.#listen();
  }

  get isOpen() {
    return this.dialog.open;
  }

  /** Show what the router says. @param {{photoId: string | null, list: GridList | null}} detail */
  async follow({ photoId, list }) {
    const ticket = ++this.#ticket;
    if (!photoId) return this.#close();
    this.list = list;
    const known = list?.find(photoId);
    const isFirst = !this.isOpen;
    if (isFirst) this.#open();
    if (known) return this.#show(known, isFirst);
    this.#clear();
    const wait = setTimeout(() => ticket === this.#ticket && fill(this.#note, h("p", null, t("viewer.loading"))), 1_000);
    try {
      const photo = await refetch(list, photoId);
      if (ticket === this.#ticket) this.#show(photo, isFirst);
    } catch (error) {
      if (ticket === this.#ticket) this.#fail(error, photoId);
    } finally {
      clearTimeout(wait);
    }
  }

  /** Show the photo before or after this one. Resolve to false if there is none. @param {1 | -1} by */
  async step(by) {
    const { photo, list } = this;
    const next = photo && (await list?.neighbour(photo.photoId, by));
    if (this.photo !== photo) return true;
    if (!next) {
      this.stage.release();
      return false;
    }
    this.#entered = by;
    await openPhoto(next.photoId);
    return true;
  }

  /** Go back to the view below. A photo that was opened by its address has none. */
  leave() {
    if (history.state?.overlay) closePhoto();
    else void navigate(this.photo && isOwn(this.photo) ? "library" : "", { isReplacement: true });
  }

  /** Run one action at a time, and show its error. @param {() => unknown} action */
  async attempt(action) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await action();
    } catch (error) {
      say(explain(error));
    } finally {
      this.#isBusy = false;
    }
  }

  /** @param {number | null} stars */
  rate(stars) {
    const { photo } = this;
    if (!photo || !isRateable(photo)) return undefined;
    if (!session.userId) return say(t("viewer.rate.sign-in"));
    return this.attempt(async () => {
      const rating = await ratePhoto(photo, stars);
      const current = this.photo?.photoId === photo.photoId ? this.photo : photo;
      this.#update({ ...current, rating });
      announceRating(current, rating);
      this.#live.textContent = stars ? t("viewer.rate.given", { count: stars }) : t("viewer.rate.removed");
    });
  }

  toggleInfo() {
    this.sheet.toggle();
    if (this.sheet.isOpen) this.idle.wake();
    if (!this.dialog.contains(document.activeElement) || this.sheet.element.hidden) this.dialog.focus();
  }

  toggleSlideshow() {
    if (this.slideshow.isRunning) return this.slideshow.stop();
    this.slideshow.start();
    this.dialog.focus();
    return this.idle.toggle();
  }

  #listen() {
    const { dialog, stage } = this;
    dialog.addEventListener("cancel", (event) => {
      if (event.target !== dialog) return;
      event.preventDefault();
      this.escape();
    });
    // The browser may close the dialog by itself after a second press of Escape.
    dialog.addEventListener("close", (event) => event.target === dialog && this.#isShown && this.leave());
    this.slideshow.stopAtInput(dialog);
    listenToKeys(this);
    listenToStage(stage, { step: (by) => void this.step(by), close: () => this.leave(), showDetails: () => this.sheet.isOpen || this.toggleInfo(), tap: () => this.#tap() }, this.controls.steps);
    stage.pictures.addEventListener("load", () => this.slideshow.restart());
    stage.pictures.addEventListener("fail", () => this.#offerRetry());
    photoEvents.addEventListener("change", (event) => {
      const { photo } = /** @type {CustomEvent} */ (event).detail;
      if (photo.photoId === this.photo?.photoId) this.#update(photo);
    });
    this.sheet.addEventListener("change", () => this.#showPanel());
    PHONE.addEventListener("change", () => this.#showPanel(true));
  }

  /** On phones, Escape closes the sheet first. */
  escape() {
    if (PHONE.matches && this.sheet.isOpen) this.sheet.set(0);
    else this.leave();
  }

  #open() {
    this.#isShown = true;
    this.#title.before = document.title;
    this.sheet.start();
    this.dialog.showModal();
    this.dialog.focus();
    this.idle.wake();
  }

  /** @param {Photo} photo @param {boolean} isFirst */
  #show(photo, isFirst) {
    const isStep = this.photo !== null && this.photo.photoId !== photo.photoId;
    const tile = isFirst ? visibleBox(findTilePicture(photo.photoId)) : null;
    this.photo = photo;
    this.stage.show(photo, this.list);
    if (isStep && this.stage.frame.style.translate) this.stage.slideIn(/** @type {1 | -1} */ (this.#entered));
    if (tile) this.stage.growFrom(tile);
    this.#showState(photo);
    const place = placeOf(this.list, photo.photoId);
    this.controls.showCount(place);
    if (isStep) this.#live.textContent = place ? t("viewer.step", { name: nameOf(photo), ...place }) : nameOf(photo);
    if (isListed(photo) && typeof photo.wantedRotation === "number") void watchRotation(photo.photoId);
    void this.#prepareNeighbours(photo);
  }

  /** Show the changed state of the photo. @param {Photo} photo */
  #update(photo) {
    const before = this.photo;
    this.photo = photo;
    const picture = (/** @type {Photo | null} */ each) => each && new URL(largestOf(each) ?? "", location.href).pathname;
    if (picture(before) !== picture(photo)) this.stage.show(photo, this.list);
    this.#showState(photo);
  }

  /** @param {Photo} photo */
  #showState(photo) {
    this.#name(nameOf(photo));
    this.#showPanel();
    this.controls.showButtons();
    fill(this.#note, buildState(photo));
  }

  /** Fill the panel when it is seen, because it asks for the user's rating. @param {boolean} [isForced] */
  #showPanel(isForced = false) {
    if (!this.photo || !this.sheet.isOpen || (this.photo === this.#described && !isForced)) return;
    this.#described = this.photo;
    fillPanel(this, this.photo);
  }

  /** @param {Photo} photo */
  async #prepareNeighbours(photo) {
    this.controls.showSteps(Boolean(this.list), Boolean(this.list));
    if (!this.list) return;
    const { list } = this;
    const [before, after] = await Promise.all([list.neighbour(photo.photoId, -1), list.neighbour(photo.photoId, 1)]);
    if (this.photo?.photoId !== photo.photoId) return;
    this.controls.showSteps(Boolean(before), Boolean(after));
    this.controls.showCount(placeOf(list, photo.photoId));
    preload([after, before]);
  }

  #offerRetry() {
    fill(this.#note, buildRetry(() => {
      fill(this.#note);
      this.stage.pictures.retry();
    }));
  }

  /** @param {unknown} error @param {string} photoId */
  #fail(error, photoId) {
    const retry = () => void this.follow({ photoId, list: this.list });
    fill(this.#note, buildMissing(error, { retry, leave: () => this.leave() }));
    this.#name(this.#note.querySelector("h1")?.textContent ?? "");
  }

  /** @param {string} name */
  #name(name) {
    this.#title.given = `${name} · Photoshare`;
    document.title = this.#title.given;
    this.dialog.ariaLabel = name;
  }

  #clear() {
    this.photo = null;
    this.stage.clear();
    this.#described = null;
    fill(this.sheet.content);
    fill(this.#note);
    this.sheet.set(0);
    this.controls.showButtons();
    this.controls.showCount(null);
    this.controls.showSteps(false, false);
  }

  #close() {
    const { photo, list } = this;
    this.slideshow.stop();
    if (!this.#isShown) return;
    this.#isShown = false;
    const from = this.stage.frame.getBoundingClientRect();
    const picture = this.stage.pictures.url;
    // A form or a question about the photo goes with it.
    for (const dialog of [...document.querySelectorAll("dialog[open]")].reverse()) /** @type {HTMLDialogElement} */ (dialog).close();
    if (document.fullscreenElement) void document.exitFullscreen();
    if (document.title === this.#title.given) document.title = this.#title.before;
    if (photo) list?.dispatchEvent(new CustomEvent("reveal", { detail: { photoId: photo.photoId } }));
    if (photo && picture) shrink(picture, from, visibleBox(findTilePicture(photo.photoId)));
    this.#clear();
    this.stage.release();
  }

  #tap() {
    if (PHONE.matches && this.sheet.isOpen) this.sheet.set(0);
    else this.idle.toggle();
  }
}

/** @type {Viewer | null} */
let viewer = null;

/** Show a photo, or close the viewer. @param {{photoId: string | null, list: GridList | null, isSlideshow?: boolean}} detail */
export async function follow(detail) {
  viewer ??= new Viewer();
  await viewer.follow(detail);
  if (detail.isSlideshow && !viewer.slideshow.isRunning) viewer.toggleSlideshow();
}
