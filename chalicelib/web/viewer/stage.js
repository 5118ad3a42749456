/** The stage of the viewer: one photo, which can be zoomed and moved. */

import { h } from "../core/dom.js";
import { calm, EASE } from "./motion.js";
import { Pictures } from "./pictures.js";
import { clampZoom, closeUpScale, fitScale, needsFullSize, percentOf, stepScale, zoomAt } from "./zoom.js";

const CENTRE = { x: 0, y: 0 };

/** Dispatches "zoom" when the scale has changed. */
export class Stage extends EventTarget {
  frame = h("div", { class: "viewer-frame" });
  element = h("div", { class: "viewer-stage" }, this.frame);
  pictures = new Pictures(this.frame);
  /** @type {Photo | null} */
  photo = null;
  #zoom = { scale: 1, ...CENTRE };
  #isFit = true;
  #resize = new ResizeObserver(() => this.#layOut());

  constructor() {
    super();
    this.#resize.observe(this.element);
    this.pictures.addEventListener("sharpen", () => this.#layOut());
  }

  /** @param {Photo} photo @param {import("./sources.js").GridList | null} list */
  show(photo, list) {
    this.photo = photo;
    this.#isFit = true;
    this.pictures.show(photo, list);
    this.#layOut();
  }

  clear() {
    this.photo = null;
    this.pictures.clear();
  }

  get isZoomed() {
    return !this.#isFit;
  }

  get scale() {
    return this.#zoom.scale;
  }

  /** The percentage of the zoom, or null if the whole photo is shown. */
  get percent() {
    return this.#isFit ? null : percentOf(this.#zoom.scale, devicePixelRatio);
  }

  get canZoomIn() {
    return this.#clamp({ ...this.#zoom, scale: this.#zoom.scale * 1.01 }).scale > this.#zoom.scale;
  }

  /** Show the whole photo. */
  fit() {
    this.zoomTo(0);
  }

  /** @param {1 | -1} by @param {import("./zoom.js").Point} [point] */
  step(by, point) {
    this.zoomTo(stepScale(this.#zoom.scale, by, devicePixelRatio), point);
  }

  /** Change between the whole photo and a close look at a point. @param {import("./zoom.js").Point} point */
  toggle(point) {
    this.zoomTo(this.#isFit ? closeUpScale(this.#zoom.scale, devicePixelRatio) : 0, point);
  }

  /** @param {number} scale @param {import("./zoom.js").Point} [point] from the centre of the stage */
  zoomTo(scale, point = CENTRE) {
    if (!this.photo) return;
    const fit = fitScale(this.photo, this.#size);
    this.#zoom = this.#clamp(zoomAt(this.#zoom, Math.max(scale, fit), point));
    this.#isFit = this.#zoom.scale <= fit * 1.001;
    this.#place();
    this.dispatchEvent(new Event("zoom"));
  }

  /** @param {number} x @param {number} y */
  pan(x, y) {
    this.#zoom = this.#clamp({ ...this.#zoom, x: this.#zoom.x + x, y: this.#zoom.y + y });
    this.#place();
  }

  /** Let the photo follow a finger. It shrinks on the way down. @param {number} x @param {number} y */
  follow(x, y) {
    this.frame.style.translate = `${x}px ${y}px`;
    this.frame.style.scale = String(1 - Math.max(0, y) / (innerHeight * 2));
  }

  /** Let the photo go back to its place. */
  release() {
    const from = { translate: this.frame.style.translate || "none", scale: this.frame.style.scale || "none" };
    this.frame.style.translate = "";
    this.frame.style.scale = "";
    this.frame.animate([from, { translate: "none", scale: "none" }], { duration: calm(), easing: EASE });
  }

  /** Let the photo come in from a side. @param {1 | -1} by */
  slideIn(by) {
    this.frame.style.translate = "";
    this.frame.style.scale = "";
    this.frame.animate([{ translate: `${by * this.#size.width}px` }, { translate: "none" }], { duration: calm(), easing: EASE });
  }

  /** Let the photo grow from the box of its tile. @param {DOMRect} from */
  growFrom(from) {
    const to = this.frame.getBoundingClientRect();
    if (!to.width || !calm()) return;
    const x = from.left + from.width / 2 - to.left - to.width / 2;
    const y = from.top + from.height / 2 - to.top - to.height / 2;
    const scale = Math.max(from.width / to.width, from.height / to.height);
    this.frame.animate([{ translate: `${x}px ${y}px`, scale: String(scale) }, { translate: "none", scale: "1" }], { duration: calm(), easing: EASE });
  }

  get #size() {
    return { width: this.element.clientWidth || 1, height: this.element.clientHeight || 1 };
  }

  /** @param {import("./zoom.js").Zoom} zoom */
  #clamp(zoom) {
    return this.photo ? clampZoom(zoom, this.photo, this.#size, devicePixelRatio) : zoom;
  }

  #layOut() {
    if (!this.photo) return;
    const { width, height } = this.photo;
    const fit = fitScale(this.photo, this.#size);
    this.#zoom = this.#isFit ? { scale: fit, ...CENTRE } : this.#clamp(this.#zoom);
    Object.assign(this.frame.style, { width: `${width * fit}px`, height: `${height * fit}px` });
    for (const image of /** @type {NodeListOf<HTMLElement>} */ (this.frame.querySelectorAll("img[data-turn]"))) {
      const isAcross = Number(image.dataset.turn) % 180 === 90;
      Object.assign(image.style, { width: `${(isAcross ? height : width) * fit}px`, height: `${(isAcross ? width : height) * fit}px` });
    }
    this.#place();
    this.dispatchEvent(new Event("zoom"));
  }

  #place() {
    if (!this.photo) return;
    const { scale, x, y } = this.#zoom;
    const ratio = scale / fitScale(this.photo, this.#size);
    this.frame.style.transform = `translate(calc(-50% + ${x}px), calc(-50% + ${y}px)) scale(${ratio})`;
    this.element.classList.toggle("zoomed", !this.#isFit);
    if (needsFullSize(scale, this.photo, devicePixelRatio)) void this.pictures.sharpen();
  }
}
