/** The grid of photos. It loads further pages of a list while the user scrolls. */

import { request } from "./api.js";
import { byId, explain, stamp } from "./page.js";
import { paint } from "./thumbhash.js";

const PAGE = 30;
const AHEAD = "2000px";
const NARROW = 600;
const ROW = { narrow: 125, wide: 250 };
const EMPTY = {
  search: "No photo holds all of these words.",
  trash: "Your trash is empty.",
  mine: "You have no photos yet. Drop some here.",
  public: "No photos yet. Yours could be the first.",
};

const list = byId("gallery");
const end = byId("gallery-end");
const retry = byId("gallery-retry");
const photos = new Map();
const observer = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && more(), { rootMargin: AHEAD });
let walk = null;

/** Show the first page of a list, selected by {scope, order, q}. */
export function show({ scope, order, q }) {
  walk = { ...source(scope, order, q), empty: EMPTY[q ? "search" : scope], lastKey: null, ended: false, error: null };
  photos.clear();
  list.replaceChildren();
  return more();
}

/** Load the next page. Concurrent calls share one request. */
export function more() {
  const current = walk;
  if (!current.ended) current.loading ??= next(current).finally(() => settle(current));
  return current.loading;
}

export const photo = (photoId) => photos.get(photoId);
export const inTrash = () => walk.path === "trash";

/** Return the id of the previous (-1) or next (1) photo. Load the next page if `photoId` is the last loaded photo. */
export async function neighbour(photoId, by) {
  const beside = () => tileOf(photoId)?.[by < 0 ? "previousElementSibling" : "nextElementSibling"];
  if (by > 0 && photos.has(photoId) && !beside()) await more();
  return beside()?.dataset.photoId;
}

export function hasNeighbour(photoId, by) {
  const tile = tileOf(photoId);
  return Boolean(by < 0 ? tile?.previousElementSibling : tile && (tile.nextElementSibling || !walk.ended));
}

/** Insert a new photo at the top. Do nothing if the list is a search or the trash. */
export function add(photo) {
  if (!walk.takesNew) return;
  tileOf(photo.photoId)?.remove();
  list.prepend(tile(photo));
  describe();
}

export function update(photo) {
  if (photos.has(photo.photoId)) fill(tileOf(photo.photoId), photo);
}

/** Remove a photo. Return a function that inserts the photo at its old position again. */
export function remove(photoId) {
  const [current, item, gone] = [walk, tileOf(photoId), photos.get(photoId)];
  if (!item) return () => {};
  const after = item.nextElementSibling;
  item.remove();
  photos.delete(photoId);
  describe();
  return () => {
    if (current !== walk) return;
    photos.set(photoId, gone);
    list.insertBefore(item, after?.isConnected ? after : null);
    describe();
  };
}

export function focus(photoId) {
  tileOf(photoId)?.querySelector("a").focus();
}

export const nameOf = (photo) => photo.title || photo.filename || "Untitled";

retry.addEventListener("click", () => {
  list.focus({ preventScroll: true });
  Object.assign(walk, { error: null, restarted: false });
  more();
});

function source(scope, order, q) {
  if (scope === "trash") return { path: "trash", query: {} };
  if (q) return { path: "search", query: { q, scope } };
  return { path: "photos", query: { order, scope }, takesNew: true };
}

async function next(current) {
  describe();
  list.ariaBusy = "true";
  const query = { ...current.query, limit: PAGE };
  if (current.lastKey) query.lastKey = current.lastKey;
  try {
    const page = await request("GET", current.path, { query });
    if (current === walk) append(page);
  } catch (error) {
    if (error.code !== "InvalidCursor" || current.restarted) current.error = error;
    // The cursor has expired or its session has ended. Start the list again: `append` skips photos that are shown.
    Object.assign(current, { lastKey: null, restarted: true });
  }
}

function append({ items, lastKey }) {
  const fresh = items.filter(({ photoId }) => !photos.has(photoId));
  if (fresh.length) walk.restarted = false;
  list.append(...fresh.map(tile));
  Object.assign(walk, { lastKey, ended: lastKey === null });
}

function settle(current) {
  current.loading = null;
  if (current !== walk) return;
  list.ariaBusy = "false";
  describe();
  observer.unobserve(end);
  // Observe again, so that a sentinel that is still visible loads the next page.
  if (!walk.ended && !walk.error) observer.observe(end);
}

function describe() {
  const note = byId("gallery-note");
  retry.hidden = !walk.error;
  note.classList.toggle("error", Boolean(walk.error));
  if (walk.error) note.replaceChildren(...explain(walk.error));
  else note.textContent = !walk.ended ? "" : photos.size ? "No more photos." : walk.empty;
}

const tileOf = (photoId) => list.querySelector(`[data-photo-id="${CSS.escape(photoId)}"]`);

function tile(photo) {
  const item = stamp("tile-template");
  const image = item.querySelector("img");
  item.dataset.photoId = photo.photoId;
  image.addEventListener("load", () => image.classList.add("loaded"));
  image.addEventListener("error", () => refresh(photo.photoId), { once: true });
  fill(item, photo);
  return item;
}

function fill(item, photo) {
  photos.set(photo.photoId, photo);
  const ratio = photo.width / photo.height || 1;
  const shown = Math.min(Math.max(ratio, 0.5), 2.5);
  const badge = item.querySelector(".badge");
  item.style.setProperty("--ratio", shown);
  item.querySelector("a").href = `#${photo.photoId}`;
  badge.hidden = !["private", "unlisted"].includes(photo.visibility);
  badge.textContent = photo.visibility;
  paint(item.querySelector("canvas"), photo.placeholder);
  fillImage(item.querySelector("img"), photo, shown);
}

function fillImage(image, photo, shown) {
  image.alt = nameOf(photo);
  if (!photo.renditions?.["256"]) return;
  image.sizes = `(max-width: ${NARROW}px) ${Math.round(ROW.narrow * shown)}px, ${Math.round(ROW.wide * shown)}px`;
  image.srcset = ["256", "1024"].map((edge) => `${photo.renditions[edge]} ${widthOf(photo, edge)}w`).join(", ");
  image.src = photo.renditions["256"];
}

/** Return the width of a rendition. `edge` limits its longer side, and renditions are never enlarged. */
function widthOf({ width, height }, edge) {
  return Math.max(1, Math.round(width * Math.min(1, edge / Math.max(width, height))));
}

/** Fetch new signed URLs of a photo, because the old URLs have expired. */
async function refresh(photoId) {
  try {
    update(await request("GET", `photos/${photoId}`));
  } catch (error) {
    if (error.status === 404) remove(photoId);
  }
}
