/** The choice of who can see photos: a card for each visibility, which says what it means. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { loadStyle } from "./styles.js";
import { t } from "./texts.js";

await loadStyle("choices");

/** @type {[Visibility, import("./icons.js").IconName][]} */
export const VISIBILITIES = [["private", "lock"], ["unlisted", "link"], ["public", "globe"]];

/**
 * @param {Visibility | null} chosen
 * @param {{isTitled?: boolean, onChange?: (visibility: Visibility) => void}} [options] `isTitled` hides the title, because that of the dialog says the same
 */
export function buildVisibilityField(chosen, { isTitled = false, onChange = () => {} } = {}) {
  const cards = VISIBILITIES.map(([value, name]) => {
    const radio = h("input", { type: "radio", name: "visibility", value, required: true, checked: value === chosen, onchange: () => onChange(value) });
    const words = h("span", null, h("strong", null, t(`visibility.${value}`)), h("small", null, t(`visibility.${value}.hint`)));
    return h("label", { class: "reach-card" }, icon(name), words, radio);
  });
  return h("fieldset", { class: "reach" }, h("legend", { class: isTitled ? "unseen" : "" }, t("upload.visibility")), ...cards);
}
