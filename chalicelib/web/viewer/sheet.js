/** The panel of the viewer: at the side on wide screens, a sheet that is dragged on phones. */

import { h } from "../core/dom.js";
import { recall, remember } from "../core/preferences.js";
import { t } from "../core/texts.js";
import { judgeSheet } from "./zoom.js";

export const PHONE = matchMedia("(max-width: 760px)");
const WAY = 6;

/** Dispatches "change" when the panel opens or closes. */
export class Sheet extends EventTarget {
  content = h("div", { class: "panel-content" });
  handle = h("button", { type: "button", class: "panel-handle", ariaLabel: t("viewer.sheet") });
  element = h("aside", { class: "viewer-panel", ariaLabel: t("viewer.about"), hidden: true }, this.handle, this.content);
  /** The share of the screen: 0 is closed, 0.5 is half, 1 is full. On wide screens, more than 0 is open. */
  #height = 0;
  /** @type {{y: number, height: number, last: number, time: number, speed: number, hasMoved: boolean} | null} */
  #drag = null;

  constructor() {
    super();
    this.handle.addEventListener("click", () => this.#drag || this.set(this.#height === 1 ? 0.5 : 1));
    this.element.addEventListener("pointerdown", (event) => this.#press(event));
    this.element.addEventListener("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel"]) this.element.addEventListener(type, () => this.#release());
  }

  get isOpen() {
    return this.#height > 0;
  }

  /** Open or close as remembered. A sheet covers half of a phone's screen, so it starts closed there. */
  start() {
    this.set(!PHONE.matches && recall("panel") === "open" ? 0.5 : 0);
  }

  toggle() {
    this.set(this.isOpen ? 0 : 0.5);
    remember("panel", this.isOpen ? "open" : null);
  }

  /** @param {number} height */
  set(height) {
    this.#height = height;
    this.element.hidden = !height;
    this.element.style.height = "";
    this.element.dataset.height = height === 1 ? "full" : "half";
    this.dispatchEvent(new Event("change"));
  }

  /** @param {PointerEvent} event */
  #press(event) {
    const target = /** @type {Element} */ (event.target);
    const grip = target.closest(".panel-handle, .panel-title");
    if (!PHONE.matches || !event.isPrimary || !grip) return;
    this.#drag = { y: event.clientY, height: this.element.offsetHeight, last: event.clientY, time: event.timeStamp, speed: 0, hasMoved: false };
    // The handle gets a click only if it captures the pointer itself.
    grip.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const drag = this.#drag;
    if (!drag) return;
    drag.hasMoved ||= Math.abs(event.clientY - drag.y) > WAY;
    drag.speed = (drag.last - event.clientY) / Math.max(1, event.timeStamp - drag.time);
    drag.last = event.clientY;
    drag.time = event.timeStamp;
    this.element.classList.add("held");
    this.element.style.height = `${Math.min(innerHeight, drag.height + drag.y - event.clientY)}px`;
  }

  #release() {
    const drag = this.#drag;
    if (!drag) return;
    this.element.classList.remove("held");
    if (drag.hasMoved) this.set(judgeSheet(this.element.offsetHeight / innerHeight, drag.speed));
    else this.element.style.height = "";
    // The click that follows a drag must not change the height again.
    setTimeout(() => {
      this.#drag = null;
    });
    if (!drag.hasMoved) this.#drag = null;
  }
}
