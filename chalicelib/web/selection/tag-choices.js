/** The fields for the tags of several photos: new tags, and a box for each tag that some or all photos have. */

import { fill, h } from "../core/dom.js";
import { loadStyle } from "../core/styles.js";
import { buildTagField } from "../core/tag-field.js";
import { t } from "../core/texts.js";
import { applyChoices, countTags } from "./tag-counts.js";

await loadStyle("choices");

/**
 * Build the fields. `edit` returns the tags of a photo after the change.
 * @param {Photo[]} photos
 */
export function buildTagChoices(photos) {
  const total = photos.length;
  /** @type {import("./tag-counts.js").TagChoices} */
  const choices = new Map();
  const field = buildTagField([]);
  const rows = countTags(photos).map(({ tag, count }) => buildRow(tag, count, total, choices));
  const fields = [
    h("div", { class: "field" }, h("span", null, t("batch.tag.add")), field.element, h("span", { class: "hint" }, t("tags.hint"))),
    ...(rows.length ? [h("fieldset", { class: "tag-rows" }, h("legend", null, t("batch.tag.present")), ...rows)] : []),
  ];
  return { fields, edit: (/** @type {Photo} */ { tags }) => applyChoices(tags, choices, field.tags) };
}

/**
 * A click goes from "some" to "all", to "none", and back to "some".
 * @param {string} tag
 * @param {number} count
 * @param {number} total
 * @param {import("./tag-counts.js").TagChoices} choices
 */
function buildRow(tag, count, total, choices) {
  const isPartial = count < total;
  const box = h("input", { type: "checkbox", checked: !isPartial, indeterminate: isPartial });
  const words = h("small");
  box.addEventListener("change", () => {
    const before = choices.get(tag) ?? (isPartial ? null : true);
    const after = before === null ? true : before ? false : isPartial ? null : true;
    if (after === null) choices.delete(tag);
    else choices.set(tag, after);
    show(after);
  });
  show(isPartial ? null : true);
  return h("label", { class: "choice" }, box, h("span", null, tag, words));

  /** @param {boolean | null} isOn null means that the photos stay as they are */
  function show(isOn) {
    box.checked = isOn === true;
    box.indeterminate = isOn === null;
    fill(words, isOn === null ? t("batch.tag.some", { count, total }) : t(isOn ? "batch.tag.all" : "batch.tag.none"));
  }
}
