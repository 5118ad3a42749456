/** One's own photos: a timeline by date taken, or lists by upload or rating. */

import { icon } from "../core/icons.js";
import { href, navigate, reload } from "../core/router.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { wayTo } from "../core/way-back.js";
import { fill, h } from "../core/dom.js";
import { photoEvents } from "../core/photos.js";
import { PhotoGrid } from "../grid/photo-grid.js";
import { PhotoList } from "../grid/photo-list.js";
import { buildScrubber } from "../grid/scrubber.js";
import { Selection } from "../grid/selection.js";
import { Timeline } from "../grid/timeline.js";
import { attachToolbar } from "../selection/toolbar.js";
import { buildEmpty } from "./empty.js";

/** @type {Record<string, import("../core/icons.js").IconName | null>} */
const ORDERS = { taken: "calendar", newest: null, oldest: null, top: "star" };

/** @param {string[]} _params @param {URLSearchParams} query @returns {Promise<View>} */
export async function open(_params, query) {
  await session.ready;
  if (!session.userId) return redirectToSignIn();
  const wanted = query.get("order") ?? "taken";
  const order = wanted in ORDERS ? wanted : "taken";
  const list = order === "taken" ? new Timeline() : buildList(order);
  const selection = new Selection();
  const grid = new PhotoGrid({ list, selection, isOwn: true, hasDays: order === "taken", label: t("library.label"), empty });
  const detach = attachToolbar(selection, { kind: "library", list });
  const arrivals = buildArrivals(grid);
  const element = h("div", { class: order === "taken" ? "library timeline" : "library" }, h("h1", { class: "unseen" }, t("place.library")), chips(order), arrivals.element, grid.element, order === "taken" && buildScrubber(grid));
  const close = () => {
    detach();
    arrivals.close();
    grid.close();
  };
  return { title: t("place.library"), element, list, close };
}

/** New uploads would push the photos around, so a button offers to show them. @param {PhotoGrid} grid */
function buildArrivals(grid) {
  const element = h("p", { class: "arrivals" });
  const abort = new AbortController();
  let count = 0;
  photoEvents.addEventListener("arrive", () => {
    if (!grid.photos.length && grid.list.hasEnded) return void reload();
    count++;
    fill(element, h("button", { type: "button", class: "button primary", onclick: () => void reload() }, icon("up"), t("library.new", { count })));
  }, { signal: abort.signal });
  return { element, close: () => abort.abort() };
}

/** @param {string} order */
function buildList(order) {
  const compare = order === "top" ? undefined : (/** @type {Photo} */ a, /** @type {Photo} */ b) => (a.photoId < b.photoId ? -1 : 1) * (order === "newest" ? -1 : 1);
  return new PhotoList({ path: "photos", query: { scope: "mine", order }, takes: () => true, compare });
}

/** @param {string} order */
function chips(order) {
  const links = Object.entries(ORDERS).map(([name, symbol]) => {
    const isOn = name === order;
    const key = /** @type {"order.taken"} */ (`order.${name}`);
    return h("a", { class: "chip", href: href(name === "taken" ? "library" : `library?order=${name}`), "aria-current": isOn ? "true" : undefined }, symbol && icon(symbol), t(key));
  });
  return h("nav", { class: "chips", ariaLabel: t("order") }, ...links);
}

function empty() {
  return buildEmpty({ title: t("library.empty"), text: t("library.empty.text"), action: { label: t("upload.choose"), upload: true } });
}

/** Send a visitor to the sign-in, which returns here. Throws ApiError if it is not known who is signed in. @returns {View} */
export function redirectToSignIn() {
  if (session.fault) throw session.fault;
  const door = wayTo("sign-in");
  queueMicrotask(() => void navigate(door, { isReplacement: true }));
  return { title: t("sign-in"), element: h("div") };
}
