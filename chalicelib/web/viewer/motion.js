/** Movement between a tile and the viewer. With reduced motion, the duration is 0. */

import { h } from "../core/dom.js";

export const EASE = "cubic-bezier(.2, 0, 0, 1)";

/** Return how long a change of place takes. */
export function calm() {
  return parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--calm")) || 0;
}

/** Return the picture of a photo's tile, if it is near the screen. @param {string} photoId */
export function findTilePicture(photoId) {
  return /** @type {HTMLImageElement | null} */ (document.querySelector(`main .tile[data-photo-id="${CSS.escape(photoId)}"] img`));
}

/** Return the box of an element, if a part of it is on the screen. @param {Element | null} element */
export function visibleBox(element) {
  const box = element?.getBoundingClientRect();
  return box?.width && box.bottom > 0 && box.top < innerHeight ? box : null;
}

/**
 * Show a picture that shrinks from its place in the viewer to its tile, while the black ground fades.
 * @param {string} url @param {DOMRect} from @param {DOMRect | null} to
 */
export function shrink(url, from, to) {
  const duration = calm();
  if (!duration) return;
  const picture = h("img", { src: url, alt: "" });
  const ground = h("div", { class: "viewer-ghost", ariaHidden: "true" }, h("i"), to && picture);
  document.body.append(ground);
  const options = { duration, easing: EASE };
  ground.firstElementChild?.animate([{ opacity: 1 }, { opacity: 0 }], { ...options, fill: "forwards" });
  if (to) picture.animate([boxFrame(from), boxFrame(to)], { ...options, fill: "both" });
  setTimeout(() => ground.remove(), duration);
}

/** @param {DOMRect} box */
function boxFrame({ left, top, width, height }) {
  return { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
}
