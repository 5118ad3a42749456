/** Put photos in order by dragging them: with the mouse at once, with a finger after a short press. */

import { h } from "../core/dom.js";

const START = 5;
const PRESS = 280;
const EDGE = 96;
const FASTEST = 18;

/** @typedef {{photoId: string, x: number, y: number, isTouch: boolean, ghost: HTMLElement | null, index: number | null}} Drag */

export class PhotoDrag {
  /** @type {Drag | null} */
  #drag = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #press;
  #frame = 0;
  #marker = h("div", { class: "arrange-marker", hidden: true });

  /** @param {import("./arrange.js").Arranging} arranging @param {AbortSignal} signal ends it */
  constructor(arranging, signal) {
    this.arranging = arranging;
    this.element = arranging.grid.element;
    const { element } = this;
    element.append(this.#marker);
    element.addEventListener("pointerdown", (event) => this.#begin(event), { capture: true, signal });
    element.addEventListener("click", (event) => this.#onClick(event), { capture: true, signal });
    // The browser would scroll, or open its menu after a long press.
    element.addEventListener("touchmove", (event) => this.#drag?.ghost && event.preventDefault(), { passive: false, signal });
    element.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
    addEventListener("pointermove", (event) => this.#follow(event), { signal });
    addEventListener("pointerup", () => this.#drop(), { signal });
    addEventListener("pointercancel", () => this.#cancel(), { signal });
    addEventListener("keydown", (event) => this.#onKey(event), { capture: true, signal });
    signal.addEventListener("abort", () => {
      this.#cancel();
      this.#marker.remove();
    });
  }

  /** Escape ends the drag, and not yet the mode. @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key !== "Escape" || !this.#drag?.ghost) return;
    swallow(event);
    this.#cancel();
  }

  /** @param {PointerEvent} event */
  #begin(event) {
    const tile = tileOf(event.target);
    if (!tile || !event.isPrimary || event.button) return;
    event.stopPropagation();
    const isTouch = event.pointerType !== "mouse";
    this.#drag = { photoId: tile.dataset.photoId ?? "", x: event.clientX, y: event.clientY, isTouch, ghost: null, index: null };
    if (isTouch) this.#press = setTimeout(() => this.#lift(), PRESS);
  }

  /** Show the photo at the pointer. */
  #lift() {
    const drag = this.#drag;
    const image = drag && this.element.querySelector(`li.tile[data-photo-id="${drag.photoId}"] img`);
    if (!drag || !(image instanceof HTMLImageElement)) return;
    drag.ghost = h("div", { class: "arrange-ghost", ariaHidden: "true" }, h("img", { alt: "", src: image.currentSrc }));
    document.body.append(drag.ghost);
    navigator.vibrate?.(10);
    this.arranging.hold(drag.photoId);
    this.#show(drag);
    this.#frame ||= requestAnimationFrame(() => this.#scroll());
  }

  /** @param {PointerEvent} event */
  #follow({ clientX, clientY }) {
    const drag = this.#drag;
    if (!drag) return;
    const distance = Math.hypot(clientX - drag.x, clientY - drag.y);
    if (!drag.ghost && drag.isTouch) {
      // A finger that moves before the press is over scrolls.
      if (distance > START * 2) this.#cancel();
      return;
    }
    if (!drag.ghost && distance < START) return;
    Object.assign(drag, { x: clientX, y: clientY });
    if (!drag.ghost) this.#lift();
    this.#show(drag);
  }

  /** Show the place to which the photo would move. @param {Drag} drag */
  #show(drag) {
    if (!drag.ghost) return;
    drag.ghost.style.transform = `translate(${drag.x}px, ${drag.y}px)`;
    const over = tileOf(document.elementFromPoint(drag.x, drag.y));
    if (!over || !this.element.contains(over)) return;
    const box = over.getBoundingClientRect();
    const isAfter = drag.x > box.left + box.width / 2;
    const order = this.arranging.list.items.map((photo) => photo.photoId);
    const gap = order.indexOf(over.dataset.photoId ?? "") + (isAfter ? 1 : 0);
    // Once the photo has left its place, all gaps behind that place have one photo less before them.
    drag.index = gap > order.indexOf(drag.photoId) ? gap - 1 : gap;
    const origin = this.element.getBoundingClientRect();
    this.#marker.hidden = false;
    Object.assign(this.#marker.style, { left: `${(isAfter ? box.right : box.left) - origin.left}px`, top: `${box.top - origin.top}px`, height: `${box.height}px` });
  }

  /** Scroll while the pointer is near an edge of the screen. */
  #scroll() {
    this.#frame = 0;
    const drag = this.#drag;
    if (!drag?.ghost) return;
    const bar = document.querySelector(".toolbar")?.clientHeight ?? 0;
    const above = Math.max(0, bar + EDGE - drag.y);
    const below = Math.max(0, drag.y - (innerHeight - EDGE));
    if (above || below) {
      scrollBy(0, ((below - above) / EDGE) * FASTEST);
      this.#show(drag);
    }
    this.#frame = requestAnimationFrame(() => this.#scroll());
  }

  #drop() {
    const drag = this.#drag;
    this.#cancel();
    if (!drag?.ghost) return;
    if (drag.index !== null) this.arranging.move(drag.photoId, drag.index);
    // The click at the end of the drag would pick the photo up again.
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, { capture: true }));
  }

  #cancel() {
    clearTimeout(this.#press);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const drag = this.#drag;
    this.#drag = null;
    this.#marker.hidden = true;
    if (!drag?.ghost) return;
    drag.ghost.remove();
    this.arranging.hold(null);
  }

  /** Without a drag: a click picks a photo up, and a click on another photo puts it there. @param {MouseEvent} event */
  #onClick(event) {
    const { heldId, list } = this.arranging;
    const photoId = tileOf(event.target)?.dataset.photoId;
    if (!photoId) return;
    swallow(event);
    this.arranging.hold(heldId ? null : photoId);
    if (heldId && heldId !== photoId) this.arranging.move(heldId, list.items.findIndex((photo) => photo.photoId === photoId));
  }
}

/** @param {Event} event */
function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}

/** @param {EventTarget | null} target */
function tileOf(target) {
  return /** @type {HTMLElement | null} */ (target instanceof Element ? target.closest("li.tile") : null);
}
