/** The toolbar of selected photos of one's own album. */

import { h } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t } from "../core/texts.js";
import { showToolbar } from "../frame/frame.js";
import { takeOut } from "./additions.js";
import { setCover } from "./menu.js";
import { pickAlbum } from "./picker.js";

/**
 * Show the toolbar while photos are selected. Return a function that stops that.
 * @param {import("../grid/selection.js").Selection} selection
 * @param {{album: Album}} page
 */
export function watchSelection(selection, page) {
  const count = h("strong", { role: "status" });
  const cover = button("library", "album.cover.set.action", () => {
    void setCover(page.album, selection.photos[0].photoId);
    selection.clear();
  });
  const add = button("album", "album.add.to", () => void pickAlbum(selection.photos).then((album) => album && selection.clear()));
  const remove = button("minus", "album.remove", () => void takeOut(page.album.albumId, selection.photos));
  const close = h("button", { type: "button", class: "icon-button", ariaLabel: t("selection.leave"), title: t("selection.leave"), onclick: () => selection.clear() }, icon("close"));
  const toolbar = h("div", { class: "toolbar", role: "toolbar", ariaLabel: t("selection") }, close, count, add, cover, remove);
  const abort = new AbortController();
  selection.addEventListener("change", show, { signal: abort.signal });
  addEventListener("keydown", (event) => event.key === "Escape" && selection.size && !document.querySelector("dialog[open]") && selection.clear(), { signal: abort.signal });
  return () => {
    abort.abort();
    if (toolbar.isConnected) showToolbar(null);
  };

  function show() {
    count.textContent = t("selection.count", { count: selection.size });
    cover.hidden = selection.size !== 1;
    if (Boolean(selection.size) !== toolbar.isConnected) showToolbar(selection.size ? toolbar : null);
  }
}

/** @param {import("../core/icons.js").IconName} name @param {import("../core/texts.js").Key} key @param {() => void} run */
function button(name, key, run) {
  return h("button", { type: "button", class: "button", ariaLabel: t(key), title: t(key), onclick: run }, icon(name), h("span", null, t(key)));
}
