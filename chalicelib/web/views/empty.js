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
 * @param {boolean} [options.isView] true if the view shows nothing else
 */
export function buildEmpty({ title, text, action, isView = false }) {
  return h("div", { class: "empty" }, picture(), h(isView ? "h1" : "h2", null, title), text && h("p", { class: "quiet" }, text), action && h("p", { class: "actions" }, button(action), action.upload && folder()));
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

function picture() {
  return h("div", { class: "empty-picture", ariaHidden: "true" }, h("i"), h("i"), h("i", { class: "accent" }, icon("add")), h("i"), h("i"));
}
