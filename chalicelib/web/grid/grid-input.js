/** Keys, clicks and drags of the grid: open photos, select them, and move the focus. */

import { openPhoto } from "../core/router.js";
import { dayOf } from "./geometry.js";
import { listenToDrags } from "./grid-drag.js";

const LOADS = 12;

/** @typedef {import("./photo-grid.js").PhotoGrid} PhotoGrid */

/** @param {PhotoGrid} grid */
export function listenToGrid(grid) {
  const { element } = grid;
  element.addEventListener("click", (event) => onClick(grid, event));
  element.addEventListener("keydown", (event) => void onKey(grid, event));
  element.addEventListener("focusin", (event) => {
    const photo = grid.photoOf(event.target);
    if (photo) grid.followFocus(photo.photoId);
  });
  if (grid.selection) listenToDrags(grid);
}

/** @param {PhotoGrid} grid @param {MouseEvent} event */
function onClick(grid, event) {
  const target = /** @type {Element} */ (event.target);
  const ring = /** @type {HTMLElement | null} */ (target.closest(".day-ring"));
  if (ring) return selectDay(grid, ring.dataset.day ?? "");
  const photo = grid.photoOf(target);
  // With Ctrl or Command, the link opens in a new tab.
  if (!photo || target.closest(".tile-retry") || event.ctrlKey || event.metaKey) return undefined;
  if (isSelecting(grid, event, target)) {
    event.preventDefault();
    return select(grid, photo, event.shiftKey);
  }
  if (event.shiftKey) return undefined;
  event.preventDefault();
  return openPhoto(photo.photoId);
}

/** @param {PhotoGrid} grid @param {MouseEvent} event @param {Element} target */
function isSelecting({ selection }, event, target) {
  return selection !== null && (selection.size > 0 || event.shiftKey || target.closest(".tick") !== null);
}

/** @param {PhotoGrid} grid @param {Photo} photo @param {boolean} isRange */
function select(grid, photo, isRange) {
  if (isRange) grid.selection?.extend(photo, grid.photos);
  else grid.selection?.toggle(photo);
}

/** @param {PhotoGrid} grid @param {string} day */
function selectDay(grid, day) {
  grid.selection?.toggleAll(grid.photos.filter((photo) => dayOf(photo) === day));
}

/** @param {PhotoGrid} grid @param {KeyboardEvent} event */
async function onKey(grid, event) {
  const photo = grid.photoOf(event.target);
  if (!photo) return;
  const { selection } = grid;
  const isButton = event.target instanceof Element && event.target.closest("button") !== null;
  const hasModifier = event.ctrlKey || event.metaKey;
  if (selection && event.key === "a" && hasModifier) selection.replace(grid.photos);
  else if (selection && !hasModifier && !isButton && (event.key === " " || event.key === "x")) select(grid, photo, event.shiftKey);
  else {
    await move(grid, photo, event);
    return;
  }
  event.preventDefault();
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
  return findAcrossRows(grid, photo.photoId, by);
}

/** @param {PhotoGrid} grid @param {string} photoId @param {1 | -1} by @returns {Promise<Photo | null>} */
async function findAcrossRows(grid, photoId, by) {
  // Short months stand side by side, so several may have to be loaded.
  for (let attempt = 0; attempt < LOADS; attempt++) {
    const found = grid.geometry.acrossRows(photoId, by);
    if (found !== null && typeof found !== "number") return found;
    if (found === null && (by < 0 || grid.list.hasEnded)) return null;
    await grid.list.load(found ?? grid.geometry.blocks.length - 1);
  }
  return null;
}
