/** Long file names, which are shortened in their middle: their ends tell them apart. */

import { h } from "../core/dom.js";

const END = 12;

/** Return the parts of a name. The style shortens the first one. @param {string} name */
export function buildFileName(name) {
  const letters = [...name];
  const end = h("span", null, letters.slice(-END).join(""));
  return h("span", { class: "file-name", title: name }, letters.length > END && h("span", null, letters.slice(0, -END).join("")), end);
}
