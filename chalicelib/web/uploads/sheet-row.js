/** One photo in the upload sheet: its thumbnail, title and own choices. */

import { fill, h } from "../core/dom.js";
import { openForm, openMenu } from "../core/dialogs.js";
import { formatBytes } from "../core/format.js";
import { icon } from "../core/icons.js";
import { buildTagField } from "../core/tag-field.js";
import { t } from "../core/texts.js";
import { VISIBILITIES } from "../core/visibility-field.js";
import { buildFileName } from "./file-name.js";

/** @typedef {{file: File, title: string, visibility: Visibility | null, tags: string[]}} Item */

/**
 * @param {Item} item `visibility` is null if the choice for all applies
 * @param {{thumbnail: Element, common: () => Visibility, remove: () => void}} options
 */
export function buildSheetRow(item, { thumbnail, common, remove }) {
  const { name } = item.file;
  const facts = h("small", { class: "facts" });
  const title = h("input", { type: "text", value: item.title, maxLength: 200, placeholder: t("upload.title"), ariaLabel: t("upload.title.of", { name }), autocomplete: "off", enterKeyHint: "next", oninput: () => { item.title = title.value; }, onkeydown: goOn });
  const more = h("button", { type: "button", class: "icon-button", ariaLabel: t("upload.more", { name }), title: t("upload.more", { name }), ariaHasPopup: "menu", onclick: open }, icon("more"));
  const element = h("li", { class: "sheet-row" }, thumbnail, h("div", null, title, facts), more);
  show();
  return { element, show };

  function show() {
    const own = item.visibility && item.visibility !== common() ? item.visibility : null;
    // Only the name is shortened, so that the choices stay visible.
    fill(facts, buildFileName(name), ` · ${formatBytes(item.file.size)}`, own && " · ", own && h("strong", null, t(`visibility.${own}`)), item.tags.length > 0 && ` · ${t("upload.tags.count", { count: item.tags.length })}`);
  }

  /** Enter leads to the next title. It would send the form. @param {KeyboardEvent} event */
  function goOn(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    element.nextElementSibling?.querySelector("input")?.focus();
  }

  function open() {
    const chosen = item.visibility ?? common();
    openMenu(more, [
      ...VISIBILITIES.map(([value, symbol]) => ({ label: t(`visibility.${value}`), icon: value === chosen ? /** @type {const} */ ("check") : symbol, run: () => choose(value) })),
      { label: t("upload.tags.own"), icon: "tag", run: editTags },
      { label: t("upload.remove"), icon: "close", run: remove, isDanger: true },
    ]);
  }

  /** @param {Visibility} visibility */
  function choose(visibility) {
    item.visibility = visibility;
    show();
  }

  function editTags() {
    const field = buildTagField(item.tags);
    const save = async () => {
      item.tags = field.tags;
      show();
    };
    openForm({ title: t("upload.tags.own"), fields: [h("p", { class: "quiet" }, t("upload.tags.own.text", { name })), field.element], yes: t("save"), submit: save });
  }
}
