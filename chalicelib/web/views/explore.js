/** The random feed of public photos. */

import { h } from "../core/dom.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { PhotoGrid } from "../grid/photo-grid.js";
import { PhotoList } from "../grid/photo-list.js";
import { buildEmpty } from "./empty.js";

/** @returns {View} */
export function open() {
  // The list does not wait for the session, because it is the same for everyone.
  const list = new PhotoList({ path: "photos", query: { order: "random" }, isPublic: true, takes: (photo) => photo.visibility === "public" });
  const grid = new PhotoGrid({ list, label: t("explore.label"), empty });
  const element = h("div", { class: "explore" }, h("h1", { class: "unseen" }, t("place.explore")), grid.element);
  return { title: "", element, list, close: () => grid.close() };
}

function empty() {
  const action = session.userId ? { label: t("upload"), upload: true } : { label: t("join"), path: "join" };
  return buildEmpty({ title: t("explore.empty"), text: t("explore.empty.text"), action });
}
