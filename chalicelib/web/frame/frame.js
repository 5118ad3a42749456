/** The frame around every view: the bar with search, upload and account, and the rail with the views. */

import { h, fill } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { href, navigate, routerEvents } from "../core/router.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { buildWayTo } from "../core/way-back.js";
import { openAccountMenu } from "./account-menu.js";

/** @type {[string, "explore" | "library" | "albums" | "bin", import("../core/icons.js").IconName][]} */
const PLACES = [["", "explore", "explore"], ["library", "library", "library"], ["a", "albums", "album"], ["bin", "bin", "bin"]];
/** Views that show only one's own photos. */
const OWN_VIEWS = ["library", "bin", "me"];

const search = h("input", { type: "search", name: "q", maxLength: 200, placeholder: t("search.hint"), ariaLabel: t("search"), enterKeyHint: "search" });
const account = h("div", { class: "bar-account" });
const bar = h("header", { class: "bar" });
const rail = h("nav", { class: "rail", ariaLabel: t("places") });
const add = h("button", { type: "button", class: "float-add", ariaLabel: t("upload"), title: t("upload"), hidden: true, onclick: pick }, icon("add"));
const tools = h("section", { ariaLabel: t("select.actions"), hidden: true });
const offline = h("p", { class: "offline", role: "status", hidden: true }, t("offline"));

/** @param {HTMLElement} outlet shows the views */
export function startFrame(outlet) {
  const skip = h("a", { class: "skip", href: "#view", onclick: (/** @type {Event} */ event) => focusOutlet(event, outlet) }, t("skip"));
  fill(rail, PLACES.map(([path, key, name]) => h("a", { href: href(path), dataset: { path } }, icon(name), h("span", null, t(`place.${key}`)))));
  fill(bar, brand(), searchForm(), account);
  document.body.prepend(skip, bar, tools, rail, offline, outlet, add);
  showSession();
  session.addEventListener("change", showSession);
  void session.ready.then(showSession);
  routerEvents.addEventListener("change", (event) => showPlace(/** @type {CustomEvent} */ (event).detail.path));
  addEventListener("keydown", openSearch);
  for (const type of ["online", "offline"]) addEventListener(type, showConnection);
  showConnection();
}

/**
 * Show a toolbar in the place of the bar. Pass null to show the bar again.
 * @param {HTMLElement | null} toolbar
 */
export function showToolbar(toolbar) {
  const hadFocus = tools.contains(document.activeElement);
  fill(tools, toolbar);
  bar.inert = Boolean(toolbar);
  tools.hidden = !toolbar;
  // The focus goes on at the photos, because the toolbar that had it is gone.
  const next = document.querySelector('main a[tabindex="0"]') ?? document.querySelector("main");
  if (hadFocus && !toolbar) /** @type {HTMLElement | null} */ (next)?.focus({ preventScroll: true });
}

function brand() {
  return h("a", { class: "brand", href: href("") }, h("img", { src: new URL("../icons/icon.svg", import.meta.url).href, alt: "", width: 28, height: 28 }), h("span", null, "Photoshare"));
}

function searchForm() {
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    search.blur();
    const words = search.value.trim();
    // From one's own views, search one's own photos.
    const isOwn = session.userId !== null && OWN_VIEWS.includes(document.documentElement.dataset.view ?? "");
    if (words) void navigate(`find?${new URLSearchParams([["q", words], ...(isOwn ? [["scope", "mine"]] : [])])}`);
  };
  const open = h("button", { type: "button", class: "icon-button search-open", ariaLabel: t("search"), title: t("search"), onclick: () => search.focus() }, icon("search"));
  return h("form", { class: "search", role: "search", onsubmit: submit }, icon("search"), search, open);
}

function showSession() {
  const isSignedIn = Boolean(session.userId);
  document.documentElement.dataset.signedIn = String(isSignedIn);
  add.hidden = !isSignedIn;
  if (!isSignedIn) {
    fill(account, buildWayTo("sign-in", t("sign-in"), { class: "button plain" }), buildWayTo("join", t("join"), { class: "button primary bar-join" }));
    return;
  }
  const initials = (session.email ?? "?").slice(0, 2).toUpperCase();
  const menu = h("button", { type: "button", class: "avatar", ariaLabel: `${initials}: ${t("account.menu")}`, title: session.email ?? "", ariaHasPopup: "menu" }, initials);
  menu.addEventListener("click", () => openAccountMenu(menu));
  fill(account, h("button", { type: "button", class: "button primary bar-upload", onclick: pick }, icon("upload"), t("upload")), menu);
}

/** @param {string} path */
function showPlace(path) {
  const query = new URLSearchParams(location.search);
  search.value = path === "find" ? query.get("q") ?? "" : "";
  document.documentElement.dataset.view = path.split("/")[0] || "explore";
  for (const link of /** @type {NodeListOf<HTMLElement>} */ (rail.querySelectorAll("a"))) {
    if (link.dataset.path === path.split("/")[0]) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** Tiles outside the screen do not exist, so the browser's own search would miss them. @param {KeyboardEvent} event */
function openSearch(event) {
  const isTyping = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
  const isFind = event.key === "f" && (event.ctrlKey || event.metaKey) && document.querySelector(".grid");
  if (document.querySelector("dialog[open]") || !(isFind || (event.key === "/" && !isTyping))) return;
  event.preventDefault();
  search.focus();
  search.select();
}

async function pick() {
  const { pickFiles } = await import("../uploads/uploads.js");
  pickFiles();
}

function showConnection() {
  offline.hidden = navigator.onLine;
}

/** @param {Event} event @param {HTMLElement} outlet */
function focusOutlet(event, outlet) {
  event.preventDefault();
  outlet.focus();
}
