/** What a list shows if it has no photos. */

import { h } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { href } from "../core/router.js";
import { t } from "../core/texts.js";

/**
 * @param {object} options
 * @param {string} options.title
 * @param {string} [options.text]
 * @param {{label: string, path?: string, upload?: boolean, run?: () => void}} [options.action]
 * @param {Node} [options.other] another way out
 * @param {boolean} [options.isView] true if the view shows nothing else
 */
export function buildEmpty({ title, text, action, other, isView = false }) {
  return h("div", { class: "empty" }, picture(Boolean(action?.upload || action?.run)), h(isView ? "h1" : "h2", null, title), text && h("p", { class: "quiet" }, text), action && h("p", { class: "actions" }, button(action), action.upload && folder(), other));
}

/** @param {{label: string, path?: string, upload?: boolean, run?: () => void}} action */
function button({ label, path, upload, run }) {
  if (path !== undefined) return h("a", { class: "button primary", href: href(path) }, label);
  return h("button", { type: "button", class: "button primary", onclick: upload ? () => void pick("pickFiles") : run }, upload && icon("upload"), label);
}

function folder() {
  return h("button", { type: "button", class: "button", onclick: () => void pick("pickFolder") }, icon("folder"), t("upload.folder"));
}

/** @param {"pickFiles" | "pickFolder"} name */
async function pick(name) {
  (await import("../uploads/uploads.js"))[name]();
}

/** Show rows of photos that are missing, and a place to add one if the person can. @param {boolean} canAdd */
function picture(canAdd) {
  const middle = h("i", { class: canAdd ? "accent" : "" }, canAdd && icon("add"));
  return h("div", { class: "empty-picture", ariaHidden: "true" }, h("i"), h("i"), middle, h("i"), h("i"));
}
