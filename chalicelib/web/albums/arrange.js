/** The mode in which the user puts the photos of an album in order, by dragging or by keys. */

import { h } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { nameOf } from "../core/photos.js";
import { t } from "../core/texts.js";
import { showToolbar } from "../frame/frame.js";
import { dragPhotos } from "./arrange-drag.js";
import { Mover } from "./moves.js";

/**
 * @typedef {object} Desk what the parts of this mode share
 * @property {import("../grid/photo-grid.js").PhotoGrid} grid
 * @property {import("../grid/photo-list.js").PhotoList} list
 * @property {(photoId: string | null) => void} hold mark the photo that is picked up
 * @property {() => string | null} held
 * @property {(photoId: string, index: number) => void} move
 */

/**
 * Begin to arrange. Return a function that ends it.
 * @param {string} albumId
 * @param {import("../grid/photo-grid.js").PhotoGrid} grid
 * @param {import("../grid/photo-list.js").PhotoList} list in the order of positions
 * @param {() => void} onEnd
 */
export function startArranging(albumId, grid, list, onEnd) {
  const abort = new AbortController();
  const mover = new Mover(albumId, list);
  const voice = h("p", { class: "unseen", role: "status", ariaLive: "assertive" });
  /** @type {string | null} */
  let heldId = null;
  /** @type {Desk} */
  const desk = { grid, list, hold, held: () => heldId, move };
  grid.selection?.clear();
  grid.element.classList.add("arranging");
  grid.element.append(voice);
  showToolbar(buildToolbar(end));
  const { signal } = abort;
  grid.element.addEventListener("keydown", (event) => onKey(desk, event, end), { capture: true, signal });
  grid.element.addEventListener("render", () => mark(), { signal });
  dragPhotos(desk, signal);
  if (list.items.length) grid.focus(grid.focusedId ?? list.items[0].photoId);
  return end;

  /** @param {string | null} photoId */
  function hold(photoId) {
    const photo = photoId && list.find(photoId);
    heldId = photo ? photo.photoId : null;
    if (photo) voice.textContent = t("arrange.held", { name: nameOf(photo), at: list.items.indexOf(photo) + 1, count: list.items.length });
    mark();
  }

  /** @param {string} photoId @param {number} index */
  function move(photoId, index) {
    const photo = list.find(photoId);
    const at = Math.max(0, Math.min(index, list.items.length - 1));
    if (!photo || list.items.indexOf(photo) === at) return;
    mover.move(photoId, at);
    grid.focus(photoId);
    voice.textContent = t("arrange.moved", { name: nameOf(photo), at: at + 1, count: list.items.length });
  }

  /** New tiles come with every scroll, so mark the held one again. */
  function mark() {
    for (const tile of grid.element.querySelectorAll("li.tile")) tile.classList.toggle("held", /** @type {HTMLElement} */ (tile).dataset.photoId === heldId);
  }

  function end() {
    if (signal.aborted) return;
    abort.abort();
    hold(null);
    voice.remove();
    grid.element.classList.remove("arranging");
    showToolbar(null);
    onEnd();
  }
}

/** @param {() => void} end */
function buildToolbar(end) {
  const done = h("button", { type: "button", class: "button primary", onclick: end }, t("done"));
  const words = h("p", { class: "arrange-hint" }, h("strong", null, t("album.arrange")), h("span", { class: "by-mouse" }, t("arrange.hint")), h("span", { class: "by-touch" }, t("arrange.hint.touch")));
  return h("div", { class: "toolbar arrange-bar", role: "toolbar", ariaLabel: t("album.arrange") }, icon("move"), words, done);
}

/**
 * Pick up and put down by M or Space. Arrow keys move the photo that is picked up, and the focused one with Ctrl.
 * @param {Desk} desk
 * @param {KeyboardEvent} event
 * @param {() => void} end
 */
function onKey(desk, event, end) {
  const photoId = /** @type {HTMLElement} */ (event.target).closest("li")?.dataset.photoId;
  if (!photoId) return;
  const held = desk.held();
  if (event.key === "Escape") {
    take(event);
    if (held) desk.hold(null);
    else end();
  } else if (["m", "M", " ", "Enter"].includes(event.key) && !event.ctrlKey && !event.metaKey) {
    take(event);
    desk.hold(held ? null : photoId);
  } else if (held || event.ctrlKey || event.metaKey) {
    const index = target(desk, held ?? photoId, event.key);
    if (index === null) return;
    take(event);
    desk.move(held ?? photoId, index);
  }
}

/** Return the index to which a key moves a photo. @param {Desk} desk @param {string} photoId @param {string} key */
function target({ grid, list }, photoId, key) {
  const at = list.items.findIndex((photo) => photo.photoId === photoId);
  if (key === "ArrowLeft" || key === "ArrowRight") return at + (key === "ArrowLeft" ? -1 : 1);
  if (key === "Home") return 0;
  if (key === "End") return list.items.length - 1;
  if (key !== "ArrowUp" && key !== "ArrowDown") return null;
  const over = grid.geometry.acrossRows(photoId, key === "ArrowUp" ? -1 : 1);
  if (over && typeof over === "object") return list.items.indexOf(over);
  return key === "ArrowUp" ? 0 : list.items.length - 1;
}

/** @param {Event} event */
function take(event) {
  event.preventDefault();
  event.stopPropagation();
}
