/** The controls over the photo: the bar, the steps to the sides, and the zoom. */

import { openMenu } from "../core/dialogs.js";
import { fill, h } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t } from "../core/texts.js";
import { download } from "./actions.js";
import { toggleFullScreen } from "./full-screen.js";
import { copyLink, sharePhoto } from "./sharing.js";
import { PHONE } from "./sheet.js";
import { isListed, isOwn } from "./sources.js";

/** @typedef {import("./viewer.js").Viewer} Viewer */
/** @typedef {import("../core/icons.js").IconName} IconName */

export class Controls {
  #viewer;
  #count = h("p", { class: "viewer-count" });
  #buttons = h("div", { class: "viewer-buttons" });
  #percent = h("button", { type: "button", class: "viewer-percent", onclick: () => this.#viewer.stage.fit() });
  #closer = button("add", t("viewer.zoom.in"), () => this.#viewer.stage.step(1));
  #further = button("minus", t("viewer.zoom.out"), () => this.#viewer.stage.step(-1));
  #previous = button("back", t("viewer.previous"), () => void this.#viewer.step(-1), "viewer-step viewer-control");
  #next = button("forward", t("viewer.next"), () => void this.#viewer.step(1), "viewer-step viewer-control");

  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.#viewer = viewer;
    const back = button("back", t("viewer.back"), () => viewer.leave());
    this.bar = h("div", { class: "viewer-bar viewer-control" }, back, this.#count, this.#buttons);
    this.steps = [this.#previous, this.#next];
    this.zoom = h("div", { class: "viewer-zoom viewer-control", role: "group", ariaLabel: t("viewer.zoom") }, this.#further, this.#percent, this.#closer);
    viewer.stage.addEventListener("zoom", () => this.#showZoom());
    viewer.sheet.addEventListener("change", () => this.showButtons());
    viewer.slideshow.addEventListener("change", () => this.showButtons());
    PHONE.addEventListener("change", () => this.showButtons());
    document.addEventListener("fullscreenchange", () => this.showButtons());
  }

  /** @param {{number: number, count: number} | null} place */
  showCount(place) {
    this.#count.textContent = place ? t("viewer.place", place) : "";
  }

  /** Steps beyond the ends cannot be used. They keep the focus, so that the keyboard does not get lost. @param {boolean} hasPrevious @param {boolean} hasNext */
  showSteps(hasPrevious, hasNext) {
    this.#previous.ariaDisabled = String(!hasPrevious);
    this.#next.ariaDisabled = String(!hasNext);
    for (const step of this.steps) step.hidden = !hasPrevious && !hasNext;
  }

  showButtons() {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.name;
    fill(this.#buttons, ...(PHONE.matches ? this.#phoneButtons() : this.#deskButtons()));
    /** @type {HTMLElement | null} */ (focused ? this.#buttons.querySelector(`[data-name="${focused}"]`) : null)?.focus();
    this.zoom.hidden = !this.#viewer.photo;
  }

  #deskButtons() {
    const { photo, sheet } = this.#viewer;
    if (!photo) return [];
    const items = this.#items(photo).map(({ label, icon: name, run, isOn }) => {
      const control = button(name, label, run);
      if (isOn !== undefined) control.ariaPressed = String(isOn);
      control.dataset.name = name;
      return control;
    });
    const info = button("info", t("viewer.info"), () => this.#viewer.toggleInfo());
    info.ariaPressed = String(sheet.isOpen);
    info.dataset.name = "info";
    return [...items, info];
  }

  #phoneButtons() {
    const { photo } = this.#viewer;
    if (!photo) return [];
    const share = this.#canShare(photo) && button("share", t("viewer.share"), () => void this.#viewer.attempt(() => sharePhoto(photo)));
    const save = isListed(photo) && button("download", t("viewer.download"), () => this.#download(photo));
    const more = button("more", t("viewer.more"), () => openMenu(more, this.#menu(photo)));
    more.ariaHasPopup = "menu";
    return [share, save, more];
  }

  /** @param {Photo} photo */
  #menu(photo) {
    const rest = this.#items(photo).filter(({ icon: name }) => name !== "download");
    return [{ label: t("viewer.info"), icon: /** @type {IconName} */ ("info"), run: () => this.#viewer.toggleInfo() }, ...rest];
  }

  /** @param {Photo} photo @returns {{label: string, icon: IconName, run: () => void, isOn?: boolean}[]} */
  #items(photo) {
    const { slideshow, list } = this.#viewer;
    const isFull = Boolean(document.fullscreenElement);
    const show = { label: t(slideshow.isRunning ? "viewer.slideshow.stop" : "viewer.slideshow"), icon: /** @type {IconName} */ (slideshow.isRunning ? "pause" : "play"), run: () => this.#viewer.toggleSlideshow() };
    const link = { label: t("viewer.share.copy"), icon: /** @type {IconName} */ ("link"), run: () => void this.#viewer.attempt(() => copyLink(photo)) };
    const save = { label: t("viewer.download"), icon: /** @type {IconName} */ ("download"), run: () => this.#download(photo) };
    const full = { label: t(isFull ? "viewer.full.leave" : "viewer.full"), icon: /** @type {IconName} */ (isFull ? "shrink" : "expand"), run: () => void toggleFullScreen() };
    return [...(list ? [show] : []), ...(this.#canShare(photo) ? [link] : []), ...(isListed(photo) ? [save] : []), ...(document.fullscreenEnabled ? [full] : [])];
  }

  /** The address of a photo behind a share link works only for those who may see it without the link. @param {Photo} photo */
  #canShare(photo) {
    return isListed(photo) && (!this.#viewer.list?.source || isOwn(photo) || photo.visibility !== "private");
  }

  /** @param {Photo} photo */
  #download(photo) {
    void this.#viewer.attempt(() => download(this.#viewer, photo));
  }

  #showZoom() {
    const { percent, canZoomIn, isZoomed } = this.#viewer.stage;
    this.#percent.textContent = percent === null ? t("viewer.zoom.fit") : t("viewer.zoom.percent", { percent });
    this.#percent.ariaLabel = percent === null ? t("viewer.zoom.fit") : t("viewer.zoom.reset", { percent });
    this.#further.ariaDisabled = String(!isZoomed);
    this.#closer.ariaDisabled = String(!canZoomIn);
  }
}

/** @param {IconName} name @param {string} label @param {() => void} run @param {string} [style] */
function button(name, label, run, style = "") {
  return h("button", { type: "button", class: `icon-button ${style}`, ariaLabel: label, title: label, onclick: run }, icon(name));
}
