/** The toolbar of a selection, in the place of the bar. */

import { openMenu } from "../core/dialogs.js";
import { h } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { photoEvents } from "../core/photos.js";
import { routerEvents } from "../core/router.js";
import { t } from "../core/texts.js";
import { showToolbar } from "../frame/frame.js";
import * as actions from "./actions.js";

const PHONE = matchMedia("(max-width: 760px)");

/**
 * Phones show the actions with `isOnPhones` as icons, and the others in a menu.
 * `run` returns or resolves to false if the person has cancelled the action.
 * @typedef {{label: string, icon: import("../core/icons.js").IconName, run: (photos: Photo[]) => unknown, isDanger?: boolean, isOnPhones?: boolean}} Action
 * @typedef {{kind: "library" | "bin" | "link", extra?: Action[]}} ToolbarOptions `extra` actions of the view come first
 */

/**
 * Show a toolbar while photos are selected. Return a function that removes it.
 * @param {import("../grid/selection.js").Selection} selection
 * @param {ToolbarOptions & {list: EventTarget & {source?: PhotoSource}}} options
 */
export function attachToolbar(selection, { kind, extra = [], list }) {
  const offered = [...extra, ...ACTIONS[kind](list.source)];
  const count = h("strong", { role: "status" });
  const close = h("button", { type: "button", class: "icon-button", ariaLabel: t("select.none"), title: t("select.none"), onclick: () => selection.clear() }, icon("close"));
  const toolbar = h("div", { class: "toolbar", role: "toolbar", ariaLabel: t("select.actions") }, close, count, ...buttons());
  const abort = new AbortController();
  const { signal } = abort;
  selection.addEventListener("change", show, { signal });
  addEventListener("keydown", leave, { signal });
  // A view is kept for the way back, but its toolbar must not stay over another view.
  routerEvents.addEventListener("change", () => selection.clear(), { signal });
  photoEvents.addEventListener("remove", (event) => selection.remove(/** @type {CustomEvent} */ (event).detail.photoIds), { signal });
  PHONE.addEventListener("change", () => toolbar.replaceChildren(close, count, ...buttons()), { signal });
  return () => {
    abort.abort();
    if (toolbar.isConnected) showToolbar(null);
  };

  function buttons() {
    const direct = offered.filter(({ isOnPhones }) => isOnPhones || !PHONE.matches);
    const rest = offered.filter((action) => !direct.includes(action));
    const more = rest.length > 0 && h("button", { type: "button", class: "icon-button", ariaLabel: t("more"), title: t("more"), ariaHasPopup: "menu" }, icon("more"));
    if (more) more.addEventListener("click", () => openMenu(more, rest.map((action) => ({ ...action, run: () => void use(action) }))));
    return [...direct.map(button), ...(more ? [more] : [])];
  }

  /** @param {Action} action */
  function button(action) {
    return h("button", { type: "button", class: action.isDanger ? "button danger" : "button", ariaLabel: action.label, title: action.label, onclick: () => void use(action) }, icon(action.icon), h("span", null, action.label));
  }

  /** A cancelled action keeps the selection. @param {Action} action */
  async function use(action) {
    if ((await action.run(selection.photos)) !== false) selection.clear();
  }

  function show() {
    count.textContent = t("select.count", { count: selection.size });
    if (selection.size && !toolbar.isConnected) showToolbar(toolbar);
    else if (!selection.size && toolbar.isConnected) showToolbar(null);
  }

  /** @param {KeyboardEvent} event */
  function leave(event) {
    if (event.key === "Escape" && selection.size && !document.querySelector("dialog[open], [popover]:popover-open")) selection.clear();
  }
}

/** @returns {Action[]} */
function libraryActions() {
  return [
    { label: t("batch.add"), icon: "album", run: addToAlbum, isOnPhones: true },
    { label: t("batch.tags"), icon: "tag", run: actions.openTags },
    { label: t("batch.show"), icon: "eye", run: actions.openVisibility },
    { label: t("download"), icon: "download", run: (photos) => actions.download(photos), isOnPhones: true },
    { label: t("batch.trash"), icon: "bin", run: actions.trash, isDanger: true, isOnPhones: true },
  ];
}

/** @returns {Action[]} */
function binActions() {
  return [
    { label: t("restore"), icon: "restore", run: (photos) => actions.restore(photos), isOnPhones: true },
    { label: t("erase"), icon: "bin", run: actions.erase, isDanger: true, isOnPhones: true },
  ];
}

/** Visitors of a share link can only download. @param {PhotoSource} [source] @returns {Action[]} */
function linkActions(source) {
  return [{ label: t("download"), icon: "download", run: (photos) => actions.download(photos, source), isOnPhones: true }];
}

const ACTIONS = { library: libraryActions, bin: binActions, link: linkActions };

/** @param {Photo[]} photos */
async function addToAlbum(photos) {
  const { pickAlbum } = await import("../albums/picker.js");
  return Boolean(await pickAlbum(photos));
}
