/** Keys, clicks and drags of the grid: open photos, select them, and move the focus. */

import { openPhoto } from "../core/router.js";

const LONG_PRESS = 450;

/** @typedef {import("./photo-grid.js").PhotoGrid} PhotoGrid */

/** @param {PhotoGrid} grid */
export function listenToGrid(grid) {
  const { element } = grid;
  element.addEventListener("click", (event) => onClick(grid, event));
  element.addEventListener("keydown", (event) => void onKey(grid, event));
  element.addEventListener("focusin", (event) => {
    grid.focusedId = idOf(event.target) ?? grid.focusedId;
  });
  if (grid.selection) listenToDrags(grid);
}

/** @param {PhotoGrid} grid @param {MouseEvent} event */
function onClick(grid, event) {
  const target = /** @type {Element} */ (event.target);
  const ring = /** @type {HTMLElement | null} */ (target.closest(".day-ring"));
  if (ring) return selectDay(grid, ring.dataset.day ?? "");
  const photo = photoOf(grid, target);
  if (!photo || target.closest(".tile-retry")) return undefined;
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey;
  const isSelecting = Boolean(grid.selection?.size) || Boolean(target.closest(".tick"));
  if (!isPlain || (!isSelecting && event.shiftKey && !grid.selection)) return undefined;
  event.preventDefault();
  if (grid.selection && (isSelecting || event.shiftKey)) return select(grid, photo, event.shiftKey);
  return openPhoto(photo.photoId);
}

/** @param {PhotoGrid} grid @param {Photo} photo @param {boolean} isRange */
function select(grid, photo, isRange) {
  if (isRange) grid.selection?.extend(photo, grid.photos);
  else grid.selection?.toggle(photo);
}

/** @param {PhotoGrid} grid @param {string} day */
async function selectDay(grid, day) {
  const { dayOf } = await import("./geometry.js");
  grid.selection?.toggleAll(grid.photos.filter((photo) => dayOf(photo) === day));
}

/** @param {PhotoGrid} grid @param {KeyboardEvent} event */
async function onKey(grid, event) {
  const photo = photoOf(grid, event.target);
  if (!photo) return;
  if (event.key === "a" && (event.ctrlKey || event.metaKey) && grid.selection) {
    event.preventDefault();
    grid.selection.replace(grid.photos);
  } else if ((event.key === " " || event.key === "x") && grid.selection && !event.ctrlKey) {
    event.preventDefault();
    select(grid, photo, event.shiftKey);
  } else if (event.key === "Enter" && grid.selection?.size && !isButton(event.target)) {
    event.preventDefault();
    openPhoto(photo.photoId);
  } else await move(grid, photo, event);
}

/** Move the focus by an arrow key. With Shift, select on the way. @param {PhotoGrid} grid @param {Photo} photo @param {KeyboardEvent} event */
async function move(grid, photo, event) {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1, Home: 0, End: 0 }[event.key];
  if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const next = await findNext(grid, photo, event.key, step);
  if (!next) return;
  if (event.shiftKey && grid.selection) {
    if (!grid.selection.has(photo.photoId)) grid.selection.toggle(photo);
    grid.selection.extend(next, grid.photos);
  }
  grid.focus(next.photoId);
}

/** @param {PhotoGrid} grid @param {Photo} photo @param {string} key @param {number} step @returns {Promise<Photo | null>} */
async function findNext(grid, photo, key, step) {
  if (key === "Home") return grid.photos[0];
  if (key === "End") return grid.photos.at(-1) ?? null;
  const by = /** @type {1 | -1} */ (step);
  if (key === "ArrowLeft" || key === "ArrowRight") return grid.list.neighbour(photo.photoId, by);
  let found = grid.geometry.acrossRows(photo.photoId, by);
  if (typeof found === "number") {
    await grid.list.load(found);
    found = grid.geometry.acrossRows(photo.photoId, by);
  }
  if (found === null && by > 0 && !grid.list.hasEnded) {
    await grid.list.load(grid.geometry.blocks.length - 1);
    found = grid.geometry.acrossRows(photo.photoId, by);
  }
  return typeof found === "number" ? null : found;
}

/** Select by a drag: from a tick with the mouse, or after a long press with a finger. @param {PhotoGrid} grid */
function listenToDrags(grid) {
  const { element } = grid;
  /** @type {{start: Photo, before: Photo[], isActive: boolean} | null} */
  let drag = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let press;
  element.addEventListener("pointerdown", (event) => {
    const start = photoOf(grid, event.target);
    if (!start || !event.isPrimary || event.button) return;
    const isTick = Boolean(/** @type {Element} */ (event.target).closest(".tick"));
    drag = event.pointerType === "mouse" && !isTick ? null : { start, before: grid.selection?.photos ?? [], isActive: false };
    if (event.pointerType !== "mouse") press = setTimeout(() => begin(event.pointerId), LONG_PRESS);
  });
  element.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse" && !drag?.isActive) return;
    const over = drag && photoOf(grid, document.elementFromPoint(event.clientX, event.clientY));
    if (drag && over && (over !== drag.start || drag.isActive)) extend(over);
  });
  for (const type of ["pointerup", "pointercancel", "pointerleave"]) element.addEventListener(type, end);
  // The browser would scroll instead of selecting.
  element.addEventListener("touchmove", (event) => drag?.isActive && event.preventDefault(), { passive: false });
  element.addEventListener("scroll", end);
  element.addEventListener("contextmenu", (event) => drag?.isActive && event.preventDefault());

  /** @param {number} _pointerId */
  function begin(_pointerId) {
    if (!drag) return;
    drag.isActive = true;
    if (!grid.selection?.has(drag.start.photoId)) grid.selection?.toggle(drag.start);
    navigator.vibrate?.(10);
    element.addEventListener("click", swallow, { capture: true, once: true });
  }

  /** @param {Photo} over */
  function extend(over) {
    if (!drag) return;
    if (!drag.isActive) element.addEventListener("click", swallow, { capture: true, once: true });
    drag.isActive = true;
    const order = grid.photos;
    const [from, to] = [order.indexOf(drag.start), order.indexOf(over)].sort((a, b) => a - b);
    const others = drag.before.filter((photo) => !order.slice(from, to + 1).includes(photo));
    grid.selection?.replace([...others, ...order.slice(from, to + 1)]);
  }

  function end() {
    clearTimeout(press);
    drag = null;
    setTimeout(() => element.removeEventListener("click", swallow, { capture: true }));
  }

  /** The click at the end of a drag would toggle the last photo. @param {Event} event */
  function swallow(event) {
    event.stopPropagation();
    event.preventDefault();
  }
}

/** @param {EventTarget | null} target */
function idOf(target) {
  const tile = target instanceof Element ? target.closest("[data-photo-id]") : null;
  return /** @type {HTMLElement | null} */ (tile)?.dataset.photoId ?? null;
}

/** @param {PhotoGrid} grid @param {EventTarget | null} target */
function photoOf(grid, target) {
  const photoId = idOf(target);
  return photoId ? grid.list.find(photoId) : undefined;
}

/** @param {EventTarget | null} target */
function isButton(target) {
  return target instanceof Element && Boolean(target.closest("button"));
}
