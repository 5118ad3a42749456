/** Put photos in order by dragging them: with the mouse at once, with a finger after a short press. */

import { h } from "../core/dom.js";

const START = 5;
const PRESS = 280;
const EDGE = 96;
const FASTEST = 18;

/** @typedef {{photoId: string, x: number, y: number, isTouch: boolean, isActive: boolean, ghost: HTMLElement | null, index: number | null}} Drag */

/** @param {import("./arrange.js").Desk} desk @param {AbortSignal} signal */
export function dragPhotos(desk, signal) {
  const { element } = desk.grid;
  const marker = h("div", { class: "arrange-marker", hidden: true });
  element.append(marker);
  signal.addEventListener("abort", () => { cancel(); marker.remove(); });
  /** @type {Drag | null} */
  let drag = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let press;
  let frame = 0;

  element.addEventListener("pointerdown", begin, { capture: true, signal });
  addEventListener("pointermove", follow, { signal });
  addEventListener("pointerup", drop, { signal });
  addEventListener("pointercancel", cancel, { signal });
  addEventListener("keydown", (event) => event.key === "Escape" && drag?.isActive && cancel(), { signal, capture: true });
  element.addEventListener("touchmove", (event) => drag?.isActive && event.preventDefault(), { passive: false, signal });
  element.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
  element.addEventListener("click", (event) => onClick(desk, event), { capture: true, signal });

  /** @param {PointerEvent} event */
  function begin(event) {
    const tile = tileOf(event.target);
    if (!tile || !event.isPrimary || event.button) return;
    event.stopPropagation();
    const isTouch = event.pointerType !== "mouse";
    drag = { photoId: tile.dataset.photoId ?? "", x: event.clientX, y: event.clientY, isTouch, isActive: false, ghost: null, index: null };
    if (isTouch) press = setTimeout(lift, PRESS);
  }

  /** Show the photo at the pointer. */
  function lift() {
    const tile = drag && element.querySelector(`li.tile[data-photo-id="${drag.photoId}"]`);
    if (!drag || !tile) return;
    const image = tile.querySelector("img");
    drag.isActive = true;
    drag.ghost = h("div", { class: "arrange-ghost", ariaHidden: "true" }, h("img", { alt: "", src: image?.currentSrc ?? "" }));
    document.body.append(drag.ghost);
    navigator.vibrate?.(10);
    desk.hold(drag.photoId);
    show();
    frame ||= requestAnimationFrame(scroll);
  }

  /** @param {PointerEvent} event */
  function follow(event) {
    if (!drag) return;
    const distance = Math.hypot(event.clientX - drag.x, event.clientY - drag.y);
    // A finger that moves before the press is over scrolls.
    if (!drag.isActive && drag.isTouch && distance > START * 2) return cancel();
    if (!drag.isActive && (drag.isTouch || distance < START)) return undefined;
    Object.assign(drag, { x: event.clientX, y: event.clientY });
    if (!drag.isActive) lift();
    return show();
  }

  /** Show where the photo would go. */
  function show() {
    if (!drag?.ghost) return;
    drag.ghost.style.transform = `translate(${drag.x}px, ${drag.y}px)`;
    const over = tileOf(document.elementFromPoint(drag.x, drag.y));
    if (!over || !element.contains(over)) return;
    const box = over.getBoundingClientRect();
    const isAfter = drag.x > box.left + box.width / 2;
    const order = desk.list.items.map((photo) => photo.photoId);
    const from = order.indexOf(drag.photoId);
    const gap = order.indexOf(over.dataset.photoId ?? "") + (isAfter ? 1 : 0);
    // Once the photo has left its place, all gaps behind that place have one photo less before them.
    drag.index = gap > from ? gap - 1 : gap;
    const origin = element.getBoundingClientRect();
    marker.hidden = false;
    Object.assign(marker.style, { left: `${(isAfter ? box.right : box.left) - origin.left}px`, top: `${box.top - origin.top}px`, height: `${box.height}px` });
  }

  /** Scroll while the pointer is near an edge of the screen. */
  function scroll() {
    frame = 0;
    if (!drag?.isActive) return;
    const bar = document.querySelector(".toolbar")?.clientHeight ?? 0;
    const above = Math.max(0, bar + EDGE - drag.y);
    const below = Math.max(0, drag.y - (innerHeight - EDGE));
    if (above || below) {
      scrollBy(0, ((below - above) / EDGE) * FASTEST);
      show();
    }
    frame = requestAnimationFrame(scroll);
  }

  function drop() {
    const done = drag;
    cancel();
    if (!done?.isActive) return;
    if (done.index !== null) desk.move(done.photoId, done.index);
    // The click at the end of the drag would pick the photo up again.
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, { capture: true }));
  }

  function cancel() {
    clearTimeout(press);
    cancelAnimationFrame(frame);
    frame = 0;
    if (drag?.isActive) desk.hold(null);
    drag?.ghost?.remove();
    marker.hidden = true;
    drag = null;
  }
}

/** Without a drag: a click picks a photo up, and a click on another photo puts it there. @param {import("./arrange.js").Desk} desk @param {MouseEvent} event */
function onClick(desk, event) {
  const photoId = tileOf(event.target)?.dataset.photoId;
  if (!photoId) return;
  swallow(event);
  const held = desk.held();
  desk.hold(held ? null : photoId);
  if (held && held !== photoId) desk.move(held, desk.list.items.findIndex((photo) => photo.photoId === photoId));
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
