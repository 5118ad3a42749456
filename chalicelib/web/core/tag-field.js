/** A field for tags: each is a chip, and Enter or a comma adds one. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./texts.js";

const MAX_TAGS = 32;
const MAX_LENGTH = 50;

/**
 * @param {string[]} initial
 * @param {(tags: string[]) => void} [onChange]
 * @returns {{element: HTMLElement, readonly tags: string[]}} `tags` includes what is typed but not yet added
 */
export function buildTagField(initial, onChange = () => {}) {
  let tags = [...initial];
  const input = h("input", { type: "text", ariaLabel: t("tag.add"), placeholder: t("tag.add"), maxLength: MAX_LENGTH, autocomplete: "off", enterKeyHint: "done", onkeydown: type, oninput: split, onblur: add });
  const element = h("div", { class: "tag-field", role: "group", ariaLabel: t("tags"), onclick: (/** @type {Event} */ event) => event.target === element && input.focus() }, input);
  show();
  return { element, get tags() { return merge(tags, input.value); } };

  /** @param {KeyboardEvent} event */
  function type(event) {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      // It would send the form.
      event.preventDefault();
      add();
    } else if (event.key === "Backspace" && !input.value && tags.length) remove(tags[tags.length - 1]);
  }

  function split() {
    if (input.value.includes(",")) add();
  }

  function add() {
    const merged = merge(tags, input.value);
    input.value = "";
    if (merged.length !== tags.length) change(merged);
  }

  /** @param {string} tag */
  function remove(tag) {
    change(tags.filter((other) => other !== tag));
    input.focus();
  }

  /** @param {string[]} changed */
  function change(changed) {
    tags = changed;
    show();
    onChange(tags);
  }

  function show() {
    element.querySelectorAll(".chip").forEach((chip) => chip.remove());
    input.before(...tags.map((tag) => h("span", { class: "chip" }, tag, removal(tag))));
    input.hidden = tags.length >= MAX_TAGS;
  }

  /** @param {string} tag */
  function removal(tag) {
    return h("button", { type: "button", ariaLabel: t("tag.remove", { tag }), title: t("tag.remove", { tag }), onclick: () => remove(tag) }, icon("close"));
  }
}

/** Add typed tags to others. Letter case makes no difference. @param {string[]} tags @param {string} typed */
function merge(tags, typed) {
  const merged = [...tags];
  for (const tag of typed.split(",").map((part) => part.trim().replace(/\s+/g, " ")).filter(Boolean)) {
    if (!merged.some((other) => other.toLowerCase() === tag.toLowerCase())) merged.push(tag);
  }
  return merged.slice(0, MAX_TAGS);
}
