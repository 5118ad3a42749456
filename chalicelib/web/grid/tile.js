/** One photo of the grid. */

import { h } from "../core/dom.js";
import { formatFullDay, localTime } from "../core/format.js";
import { icon } from "../core/icons.js";
import { fetchPhoto, nameOf } from "../core/photos.js";
import { href } from "../core/router.js";
import { t } from "../core/texts.js";
import { averageColour, toDataUrl } from "./thumbhash.js";

const ATTEMPTS = 3;
const PAUSE = 1_000;
const PATIENCE = 250;
/** The place of each tile, so that a tile that stays is not touched. @type {WeakMap<HTMLElement, string>} */
const places = new WeakMap();

/**
 * Build a tile. `place` sets its position later.
 * @param {Photo} photo
 * @param {{isOwn: boolean, isSelectable: boolean, note?: string, source?: PhotoSource}} options
 */
export function buildTile(photo, { isOwn, isSelectable, note, source = {} }) {
  const image = h("img", { alt: "", decoding: "async", draggable: false });
  const link = h("a", { href: href(source.photoHref?.(photo.photoId) ?? `p/${photo.photoId}`), tabIndex: -1, ariaLabel: describe(photo, isOwn, note), draggable: false }, image, caption(photo), isOwn && badge(photo));
  const tick = isSelectable && h("button", { type: "button", class: "tick", tabIndex: -1, ariaLabel: t("select.photo", { name: nameOf(photo) }) }, icon("check"));
  const words = note && h("span", { class: "note", ariaHidden: "true" }, note);
  const item = h("li", { class: "tile", dataset: { photoId: photo.photoId } }, link, tick, words);
  link.style.backgroundColor = averageColour(photo.placeholder);
  // The blurred picture costs more than the colour, so it waits. Most photos have loaded by then.
  const timer = setTimeout(() => { link.style.backgroundImage = `url(${toDataUrl(photo.placeholder)})`; }, PATIENCE);
  image.addEventListener("load", () => {
    clearTimeout(timer);
    image.classList.add("loaded");
    // The photo covers the colour, which can stay.
    if (link.style.backgroundImage) link.style.backgroundImage = "";
  });
  image.addEventListener("error", () => void retryImage(item, image, photo.photoId, source.refetch ?? fetchPhoto));
  return item;
}

/**
 * Put a tile into its place, and choose a picture that is sharp there.
 * @param {HTMLElement} item
 * @param {Photo} photo
 * @param {{top: number, left: number, width: number, height: number, room: number}} box `room` is the width of a label
 */
export function placeTile(item, photo, { top, left, width, height, room }) {
  const place = [left, top, width, height, room].join(" ");
  if (places.get(item) === place) return;
  places.set(item, place);
  Object.assign(item.style, { transform: `translate(${left}px, ${top}px)`, width: `${width}px`, height: `${height}px` });
  item.style.setProperty("--room", `${room}px`);
  const image = /** @type {HTMLImageElement} */ (item.querySelector("img"));
  // The picture covers the tile, so a panorama is wider than its tile.
  const shown = Math.ceil(Math.max(width, (height * photo.width) / photo.height || 0));
  if (image.sizes === `${shown}px`) return;
  image.sizes = `${shown}px`;
  setSource(image, photo);
}

/** @param {HTMLImageElement} image @param {Photo} photo */
function setSource(image, photo) {
  const { renditions } = photo;
  const edges = ["256", "1024", "2048"].filter((edge) => renditions[edge]);
  if (!edges.length) return;
  image.srcset = edges.map((edge) => `${renditions[edge]} ${widthOf(photo, Number(edge))}w`).join(", ");
  image.src = renditions[edges[0]];
}

/** Return the width of a rendition. `edge` limits its longer side, and renditions are never enlarged. @param {Photo} photo @param {number} edge */
function widthOf({ width, height }, edge) {
  return Math.max(1, Math.round(width * Math.min(1, edge / Math.max(width, height))));
}

/** @param {Photo} photo @param {boolean} isOwn @param {string} [note] */
function describe(photo, isOwn, note) {
  const { visibility } = photo;
  return [nameOf(photo), formatFullDay(localTime(photo)), isOwn && visibility !== "public" && t(`visibility.${visibility}`), note].filter(Boolean).join(", ");
}

/** Show who can see a photo, if not everyone can. In the link, a click on it opens the photo. @param {Photo} photo */
function badge({ visibility }) {
  return visibility !== "public" && h("span", { class: "badge", title: t(`visibility.${visibility}`) }, icon(visibility === "private" ? "lock" : "link"));
}

/** @param {Photo} photo */
function caption(photo) {
  return photo.title && h("span", { class: "caption", ariaHidden: "true" }, photo.title);
}

/** Try again with fresh signed URLs, because the old ones may have expired. Then offer a button. @param {HTMLElement} item @param {HTMLImageElement} image @param {string} photoId @param {(photoId: string) => Promise<Photo>} refetch */
async function retryImage(item, image, photoId, refetch) {
  const attempt = Number(item.dataset.attempt ?? 0) + 1;
  item.dataset.attempt = String(attempt);
  if (attempt > ATTEMPTS) return offerRetry(item, image, photoId, refetch);
  await new Promise((resolve) => setTimeout(resolve, PAUSE * 2 ** (attempt - 1)));
  if (!item.isConnected) return undefined;
  const photo = await refetch(photoId).catch(() => null);
  if (photo) setSource(image, photo);
  else await retryImage(item, image, photoId, refetch);
  return undefined;
}

/** @param {HTMLElement} item @param {HTMLImageElement} image @param {string} photoId @param {(photoId: string) => Promise<Photo>} refetch */
function offerRetry(item, image, photoId, refetch) {
  if (item.querySelector(".tile-retry")) return;
  const button = h("button", { type: "button", class: "tile-retry icon-button", tabIndex: -1, ariaLabel: t("retry"), title: t("retry") }, icon("retry"));
  button.addEventListener("click", () => {
    button.remove();
    item.dataset.attempt = "0";
    void retryImage(item, image, photoId, refetch);
  });
  item.append(button);
}
