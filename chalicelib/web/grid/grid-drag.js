/** Select by a drag: from a tick with the mouse, or after a long press with a finger. */

const LONG_PRESS = 450;

/** @typedef {import("./photo-grid.js").PhotoGrid} PhotoGrid */
/** @typedef {{start: Photo, before: Photo[], isActive: boolean}} Drag `before` was selected when the drag began */

/** @param {PhotoGrid} grid */
export function listenToDrags(grid) {
  const { element } = grid;
  /** @type {Drag | null} */
  let drag = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let press;
  element.addEventListener("pointerdown", (event) => {
    drag = beginDrag(grid, event);
    const begun = drag;
    if (begun && event.pointerType !== "mouse") press = setTimeout(() => activate(grid, begun), LONG_PRESS);
  });
  element.addEventListener("pointermove", (event) => {
    if (!drag || (event.pointerType !== "mouse" && !drag.isActive)) return;
    const over = grid.photoOf(document.elementFromPoint(event.clientX, event.clientY));
    if (over && (over !== drag.start || drag.isActive)) extendDrag(grid, drag, over);
  });
  // The browser would scroll, or open a menu, instead of selecting.
  element.addEventListener("touchmove", (event) => drag?.isActive && event.preventDefault(), { passive: false });
  element.addEventListener("contextmenu", (event) => drag?.isActive && event.preventDefault());
  for (const type of ["pointerup", "pointercancel", "pointerleave"]) element.addEventListener(type, end);

  function end() {
    clearTimeout(press);
    drag = null;
    setTimeout(() => element.removeEventListener("click", swallow, { capture: true }));
  }
}

/** @param {PhotoGrid} grid @param {PointerEvent} event @returns {Drag | null} */
function beginDrag(grid, event) {
  const start = grid.photoOf(event.target);
  const isTick = event.target instanceof Element && event.target.closest(".tick") !== null;
  if (!start || !event.isPrimary || event.button || (event.pointerType === "mouse" && !isTick)) return null;
  return { start, before: grid.selection?.photos ?? [], isActive: false };
}

/** @param {PhotoGrid} grid @param {Drag} drag */
function activate(grid, drag) {
  drag.isActive = true;
  if (!grid.selection?.has(drag.start.photoId)) grid.selection?.toggle(drag.start);
  navigator.vibrate?.(10);
  grid.element.addEventListener("click", swallow, { capture: true, once: true });
}

/** Select all photos from the start of the drag to this one. @param {PhotoGrid} grid @param {Drag} drag @param {Photo} over */
function extendDrag(grid, drag, over) {
  if (!drag.isActive) grid.element.addEventListener("click", swallow, { capture: true, once: true });
  drag.isActive = true;
  const order = grid.photos;
  const [from, to] = [order.indexOf(drag.start), order.indexOf(over)].sort((a, b) => a - b);
  const range = order.slice(from, to + 1);
  grid.selection?.replace([...drag.before.filter((photo) => !range.includes(photo)), ...range]);
}

/** The click at the end of a drag would toggle the last photo. @param {Event} event */
function swallow(event) {
  event.stopPropagation();
  event.preventDefault();
}
