/** The view below a photo that was opened by its address. The viewer covers it. */

import { h } from "../core/dom.js";
import { t } from "../core/texts.js";

/** @returns {View} */
export function open() {
  return { title: t("photo"), element: h("div", { class: "photo-ground" }) };
}
