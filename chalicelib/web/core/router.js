/** Addresses of the page: the view of each path, history, and links. */

import { h } from "./dom.js";
import { explain } from "./errors.js";
import { base, isAbort } from "./http.js";
import { session } from "./session.js";
import { t } from "./texts.js";

const KEPT_VIEWS = 4;
const PHOTO = /^p\/([^/]+)$/;
/** Visitors of a link may not find its photos under `/p`, so a photo over this view is named in the query. */
const SHARED = /^s\/[^/]+$/;

/** The module of each view. The first pattern that matches a path decides. @type {[RegExp, () => Promise<ViewModule>][]} */
const ROUTES = [
  [/^$/, () => import("../views/explore.js")],
  [/^library$/, () => import("../views/library.js")],
  [PHOTO, () => import("../views/photo.js")],
  [/^a$/, () => import("../views/albums.js")],
  [/^a\/([^/]+)$/, () => import("../views/album.js")],
  [/^s\/([^/]+)$/, () => import("../views/shared.js")],
  [/^find$/, () => import("../views/find.js")],
  [/^bin$/, () => import("../views/bin.js")],
  [/^me$/, () => import("../views/account.js")],
  [/^join$/, () => import("../views/join.js")],
  [/^sign-in$/, () => import("../views/sign-in.js")],
];
const MISSING = () => import("../views/missing.js");

/** @typedef {{open: (params: string[], query: URLSearchParams) => Promise<View> | View}} ViewModule */

/** Dispatches "change" when another view is shown, and "photo" ({photoId, list, isSlideshow}) when a photo opens over the view. */
export const routerEvents = new EventTarget();

const outlet = h("main", { id: "view", tabIndex: -1 });
/** Views that can be shown again from the history, by their entry. @type {Map<string, {view: View, scroll: number, address: string}>} */
const kept = new Map();
/** @type {{view: View, key: string, address: string} | null} */
let current = null;
let visit = 0;

/** Return the address of a path, under the base of the page. @param {string} path */
export function href(path) {
  return new URL(path, base).href;
}

/** Return the path of the current address, without the base. */
export function currentPath() {
  return decodeURI(location.pathname).slice(decodeURI(base.pathname).length);
}

/** The view that is shown, below any open photo. */
export function currentView() {
  return current?.view ?? null;
}

/** Show a path. @param {string} path @param {{isReplacement?: boolean}} [options] */
export function navigate(path, { isReplacement = false } = {}) {
  leaveEntry();
  history[isReplacement ? "replaceState" : "pushState"]({ key: crypto.randomUUID() }, "", href(path));
  separatePhoto();
  return show();
}

/**
 * Open a photo over the view. One entry of the history holds all photos until the viewer is closed.
 * @param {string} photoId
 * @param {{isSlideshow?: boolean}} [options] `isSlideshow` is passed on to the viewer
 */
export function openPhoto(photoId, options = {}) {
  const isOpen = Boolean(history.state?.overlay);
  if (!isOpen) leaveEntry();
  const path = current?.view.photoHref?.(photoId) ?? `p/${photoId}`;
  history[isOpen ? "replaceState" : "pushState"]({ ...history.state, overlay: true }, "", href(path));
  return show(options);
}

/** Close the photo over the view. */
export function closePhoto() {
  if (history.state?.overlay) history.back();
  else navigate("", { isReplacement: true });
}

/** Load the current view again, for example after a sign-in. */
export function reload() {
  dropKept();
  current?.view.close?.();
  current = null;
  return show();
}

/** Start. Return the element that shows the views. */
export function startRouter() {
  history.scrollRestoration = "manual";
  if (!history.state?.key) history.replaceState({ key: crypto.randomUUID() }, "");
  separatePhoto();
  addEventListener("popstate", () => show());
  addEventListener("online", retryFailed);
  document.addEventListener("click", followLink);
  session.addEventListener("change", (event) => {
    // The first answer about the session comes after the first view. Views wait for it if they need it.
    if (/** @type {CustomEvent} */ (event).detail.previous) dropKept();
  });
  return outlet;
}

/** Show what the address says. @param {{isSlideshow?: boolean}} [options] */
export async function show({ isSlideshow = false } = {}) {
  const ticket = ++visit;
  const photoId = namedPhoto();
  if (!isOverView()) await showView(ticket);
  if (ticket !== visit) return;
  const list = current?.view.list ?? null;
  // The photos of a link are hidden until its password is known.
  const isHidden = SHARED.test(currentPath()) && !list;
  routerEvents.dispatchEvent(new CustomEvent("photo", { detail: { photoId: isHidden ? null : photoId, list, isSlideshow } }));
}

/** Return whether the address is that of a photo that is open over the view that is shown. */
function isOverView() {
  return Boolean(history.state?.overlay) && current?.key === history.state.key;
}

/** Return the photo that the address names. @returns {string | null} */
export function namedPhoto() {
  const path = currentPath();
  return path.match(PHOTO)?.[1] ?? (SHARED.test(path) ? new URLSearchParams(location.search).get("photo") : null);
}

/** Put the view of a link below its photo, if the visit begins or goes on at the photo. Closing the photo then shows the view. */
function separatePhoto() {
  if (history.state?.overlay || !SHARED.test(currentPath()) || !namedPhoto()) return;
  const address = location.href;
  history.replaceState(history.state, "", location.pathname);
  history.pushState({ ...history.state, overlay: true }, "", address);
}

/** Return the address of the view, without a photo over it that is named in the query. */
function viewAddress() {
  return location.pathname + (SHARED.test(currentPath()) ? "" : location.search);
}

/** @param {number} ticket */
async function showView(ticket) {
  const key = history.state?.key ?? "";
  const address = viewAddress();
  if (current && current.key === key && current.address === address) return;
  const stored = findKept(key, address);
  const found = stored ?? { view: await open(), scroll: 0, address };
  if (ticket !== visit) {
    found.view.close?.();
    return;
  }
  closeView();
  current = { view: found.view, key, address: found.address };
  fillOutlet(found.view.element);
  document.title = found.view.title ? `${found.view.title} · Photoshare` : "Photoshare";
  if (stored) found.view.resume?.();
  scrollTo(0, found.scroll);
  routerEvents.dispatchEvent(new CustomEvent("change", { detail: { path: currentPath() } }));
}

/** Replace the view, and keep the focus in it. @param {HTMLElement} element */
function fillOutlet(element) {
  const hadFocus = outlet.contains(document.activeElement);
  outlet.replaceChildren(element);
  if (hadFocus) focusView();
  /** @type {HTMLElement | null} */ (outlet.querySelector("[autofocus]"))?.focus();
}

/** Return the view that was kept for an entry. @param {string} key @param {string} address */
function findKept(key, address) {
  const stored = kept.get(key);
  // The address of a photo that is open over a view is not the address of the view.
  return stored && (stored.address === address || history.state?.overlay) ? stored : null;
}

/** Close the view that is shown, unless it is kept for the way back. */
function closeView() {
  if (current && kept.get(current.key)?.view !== current.view) current.view.close?.();
}

/** @returns {Promise<View>} */
async function open() {
  const path = currentPath();
  const route = ROUTES.find(([pattern]) => pattern.test(path));
  try {
    const module = await (route ? route[1]() : MISSING());
    return await module.open(path.match(route?.[0] ?? /$/)?.slice(1) ?? [], new URLSearchParams(location.search));
  } catch (error) {
    return isAbort(error) ? failed("") : failed(error);
  }
}

/** @param {unknown} error @returns {View} */
function failed(error) {
  const retry = h("button", { type: "button", class: "button", onclick: () => reload() }, t("retry"));
  const element = h("section", { class: "empty" }, h("h1", null, t("error.title")), h("p", { role: "alert" }, ...explain(error)), retry);
  return { title: t("error.title"), element, isFailure: true };
}

/** Open the view again if it has failed. */
function retryFailed() {
  if (current?.view.isFailure) void reload();
}

/** Keep the view for the way back, with its scroll position. */
function leaveEntry() {
  if (!current) return;
  kept.delete(current.key);
  kept.set(current.key, { view: current.view, scroll: scrollY, address: current.address });
  const [oldest] = kept.keys();
  if (kept.size <= KEPT_VIEWS) return;
  kept.get(oldest)?.view.close?.();
  kept.delete(oldest);
}

function dropKept() {
  for (const { view } of kept.values()) if (view !== current?.view) view.close?.();
  kept.clear();
}

/** Follow links of the page without loading it again. @param {MouseEvent} event */
function followLink(event) {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || event.defaultPrevented || !isPlainClick(event) || !staysHere(link)) return;
  event.preventDefault();
  const path = link.href.slice(base.href.length);
  const photoId = path.match(PHOTO)?.[1];
  if (photoId && current?.view.list?.find(photoId)) void openPhoto(photoId);
  else void navigate(path).then(focusView);
}

/** Move the focus to the view, so that the Tab key goes on there. A form takes it itself. */
export function focusView() {
  if (!outlet.contains(document.activeElement)) outlet.focus({ preventScroll: true });
}

/** @param {MouseEvent} event */
function isPlainClick({ button, metaKey, ctrlKey, shiftKey, altKey }) {
  return button === 0 && !(metaKey || ctrlKey || shiftKey || altKey);
}

/** @param {HTMLAnchorElement} link */
function staysHere(link) {
  return link.href.startsWith(base.href) && !link.target && !link.hasAttribute("download") && link.dataset.leaves === undefined;
}
