/** The keys of the viewer. */

import { namedPhoto, openPhoto } from "../core/router.js";
import { toggleFullScreen } from "./full-screen.js";
import { endOf } from "./sources.js";

const PAN = 80;

/** @typedef {import("./viewer.js").Viewer} Viewer */

/** @param {Viewer} viewer @returns {Record<string, () => unknown>} */
function keysOf(viewer) {
  const { stage } = viewer;
  let lastStep = Promise.resolve(true);
  /** @param {1 | -1} by */
  const step = (by) => {
    lastStep = viewer.step(by);
    return lastStep;
  };
  /** Rate the photo that the last arrow key leads to. The address names it before it is shown. @param {number | null} stars */
  const rate = async (stars) => {
    await lastStep.catch(() => false);
    while (viewer.photo && viewer.photo.photoId !== namedPhoto()) await new Promise(requestAnimationFrame);
    return viewer.rate(stars);
  };
  return {
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    Home: () => goTo(viewer, "first"),
    End: () => goTo(viewer, "last"),
    "+": () => stage.step(1),
    "=": () => stage.step(1),
    "-": () => stage.step(-1),
    // A zoomed photo becomes whole again. Only a whole photo loses its rating.
    0: () => (stage.isZoomed ? stage.fit() : rate(null)),
    1: () => rate(1),
    2: () => rate(2),
    3: () => rate(3),
    4: () => rate(4),
    5: () => rate(5),
    i: () => viewer.toggleInfo(),
    f: () => toggleFullScreen(),
    s: () => viewer.toggleSlideshow(),
  };
}

/** With Shift, the arrow keys move a zoomed photo. @param {Viewer} viewer @returns {Record<string, () => void>} */
function shiftKeysOf({ stage }) {
  return {
    ArrowLeft: () => stage.pan(PAN, 0),
    ArrowRight: () => stage.pan(-PAN, 0),
    ArrowUp: () => stage.pan(0, PAN),
    ArrowDown: () => stage.pan(0, -PAN),
  };
}

/** @param {Viewer} viewer */
export function listenToKeys(viewer) {
  const keys = keysOf(viewer);
  const shiftKeys = shiftKeysOf(viewer);
  viewer.dialog.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.closest("input, textarea, select, .menu")) return;
    const run = (event.shiftKey && viewer.stage.isZoomed && shiftKeys[event.key]) || keys[event.key];
    if (!run || (!viewer.photo && event.key !== "f")) return;
    event.preventDefault();
    void run();
  });
}

/** @param {Viewer} viewer @param {"first" | "last"} end */
async function goTo(viewer, end) {
  const photo = await endOf(viewer.list, end);
  if (photo && photo.photoId !== viewer.photo?.photoId) await openPhoto(photo.photoId);
}
