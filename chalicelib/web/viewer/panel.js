/** The content of the information panel. */

import { fill, h } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { nameOf } from "../core/photos.js";
import { href } from "../core/router.js";
import { t } from "../core/texts.js";
import { addToAlbum, erase, moveToBin, restore, rotate } from "./actions.js";
import { editDetails } from "./details.js";
import { buildFacts } from "./facts.js";
import { buildRating } from "./rating.js";
import { sharePhoto } from "./sharing.js";
import { PHONE } from "./sheet.js";
import { canChange, isListed, isOwn } from "./sources.js";

/** @typedef {import("./viewer.js").Viewer} Viewer */

/** Show a photo in the panel. Keep the focus if its control is there again. @param {Viewer} viewer @param {Photo} photo */
export function fillPanel(viewer, photo) {
  const { content } = viewer.sheet;
  const focused = content.contains(document.activeElement) ? [...content.querySelectorAll("a, button")].indexOf(/** @type {Element} */ (document.activeElement)) : -1;
  const actions = buildActions(viewer, photo);
  const title = h("h2", { class: "panel-title" }, nameOf(photo));
  const description = photo.description && h("p", { class: "panel-description" }, photo.description);
  const stars = isListed(photo) && buildRating(photo, (stars) => void viewer.rate(stars));
  const isOurs = canChange(viewer.list, photo) && isListed(photo);
  const facts = buildFacts(photo, { changeVisibility: isOurs ? () => editDetails(photo, "visibility") : null });
  const tags = buildTags(photo, isOurs);
  const head = h("div", { class: "panel-head" }, h("p", { class: "quiet" }, t("viewer.about")), closeButton(viewer));
  // On a phone, half of the sheet is seen at first, so actions and tags come before the facts.
  const parts = PHONE.matches ? [actions, tags, facts] : [facts, tags, actions];
  fill(content, head, title, description, stars, ...parts);
  if (focused >= 0) /** @type {HTMLElement | undefined} */ ([...content.querySelectorAll("a, button")][focused])?.focus();
}

/** @param {Viewer} viewer */
function closeButton(viewer) {
  return h("button", { type: "button", class: "icon-button", ariaLabel: t("viewer.info.close"), title: t("viewer.info.close"), onclick: () => viewer.toggleInfo() }, icon("close"));
}

/** @param {Photo} photo @param {boolean} isOurs */
function buildTags(photo, isOurs) {
  const links = photo.tags.map((tag) => h("li", null, h("a", { class: "chip", href: href(`find?${new URLSearchParams({ tag })}`) }, tag)));
  const add = isOurs && h("li", null, h("button", { type: "button", class: "chip", onclick: () => editDetails(photo, "tags") }, icon("add"), t("viewer.tag.add")));
  return (links.length > 0 || add) && h("ul", { class: "panel-tags", ariaLabel: t("viewer.tags") }, ...links, add);
}

/** @param {Viewer} viewer @param {Photo} photo */
function buildActions(viewer, photo) {
  const run = (/** @type {() => unknown} */ action) => () => void viewer.attempt(action);
  if (!isOwn(photo)) {
    const more = h("a", { class: "action", href: href(`find?${new URLSearchParams({ user: photo.userId })}`) }, icon("person"), t("viewer.more-from"));
    return h("div", { class: "panel-actions single" }, more);
  }
  if (!canChange(viewer.list, photo)) return null;
  if (photo.trashedAt) {
    return h("div", { class: "panel-actions" },
      action("restore", t("viewer.restore"), run(() => restore(viewer, photo))),
      action("bin", t("viewer.erase"), run(() => erase(viewer, photo)), true));
  }
  if (photo.status !== "ready") return h("div", { class: "panel-actions" }, action("bin", t("viewer.bin"), run(() => moveToBin(viewer, photo)), true));
  return h("div", { class: "panel-actions" },
    action("album", t("viewer.album"), run(() => addToAlbum(photo))),
    action("edit", t("viewer.edit"), () => editDetails(photo)),
    action("share", t("viewer.share"), run(() => sharePhoto(photo))),
    action("bin", t("viewer.bin"), run(() => moveToBin(viewer, photo)), true),
    action("restore", t("viewer.rotate.left"), run(() => rotate(photo, -90))),
    action("rotate", t("viewer.rotate.right"), run(() => rotate(photo, 90))));
}

/** @param {import("../core/icons.js").IconName} name @param {string} label @param {() => void} run @param {boolean} [isDanger] */
function action(name, label, run, isDanger = false) {
  return h("button", { type: "button", class: isDanger ? "action danger" : "action", onclick: run }, icon(name), label);
}
