/** Photos in the bin: restore them, or erase them for good. */

import { request } from "../core/api.js";
import { confirmed } from "../core/dialogs.js";
import { h } from "../core/dom.js";
import { explain } from "../core/errors.js";
import { icon } from "../core/icons.js";
import { announceRemoval } from "../core/photos.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { say } from "../core/toast.js";
import { PhotoGrid } from "../grid/photo-grid.js";
import { PhotoList } from "../grid/photo-list.js";
import { Selection } from "../grid/selection.js";
import { attachToolbar } from "../selection/toolbar.js";
import { buildEmpty } from "./empty.js";
import { redirectToSignIn } from "./library.js";
import { loadStyle } from "../core/styles.js";

await loadStyle("views");

const KEPT_DAYS = 30;
const DAY = 86_400_000;

/** @returns {Promise<View>} */
export async function open() {
  await session.ready;
  if (!session.userId) return redirectToSignIn();
  const list = new PhotoList({ path: "trash", isBin: true });
  const selection = new Selection();
  const grid = new PhotoGrid({ list, selection, label: t("bin.label"), note: daysLeft, empty: () => buildEmpty({ title: t("bin.empty"), text: t("bin.text", { count: KEPT_DAYS }) }) });
  const detach = attachToolbar(selection, { kind: "bin", list });
  const all = h("button", { type: "button", class: "button", onclick: () => void emptyBin(list) }, icon("bin"), t("bin.empty-all"));
  const head = h("header", { class: "list-head" }, h("h1", null, t("place.bin")), h("div", { class: "actions" }, all), h("p", { class: "quiet" }, t("bin.text", { count: KEPT_DAYS })));
  const showHead = () => {
    const isEmpty = list.hasEnded && list.items.length === 0;
    all.hidden = isEmpty;
    head.classList.toggle("unseen", isEmpty);
  };
  list.addEventListener("change", showHead);
  const close = () => {
    detach();
    grid.close();
  };
  return { title: t("place.bin"), element: h("div", { class: "bin" }, head, grid.element), list, close };
}

/** @param {Photo} photo */
function daysLeft({ trashedAt }) {
  const end = Date.parse(trashedAt ?? "") + KEPT_DAYS * DAY;
  return t("bin.days", { count: Math.max(0, Math.ceil((end - Date.now()) / DAY)) });
}

/** @param {PhotoList} list */
async function emptyBin(list) {
  if (!(await confirmed({ title: t("bin.ask"), text: t("bin.ask.text"), yes: t("bin.empty-all"), no: t("keep") }))) return;
  try {
    await request("DELETE", "trash");
    announceRemoval(list.items.map(({ photoId }) => photoId), "nowhere");
    say(t("bin.emptied"));
    await list.load();
  } catch (error) {
    say(explain(error));
  }
}
