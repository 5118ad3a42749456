/** The look of choices from a list: an arrow at the right, and an icon at the left if it helps. */

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** @param {HTMLSelectElement} select @param {import("./icons.js").IconName} [name] */
export function wrapSelect(select, name) {
  return h("span", { class: "select" }, name && icon(name), select, icon("down"));
}
