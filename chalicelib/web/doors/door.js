/** The pages of joining and signing in: photos, and one short form at a time. */

import { request } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { FormFault } from "../core/form-fault.js";
import { base } from "../core/http.js";
import { icon } from "../core/icons.js";
import { navigate } from "../core/router.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { recallBack } from "../core/way-back.js";
import { loadStyle } from "../core/styles.js";

await loadStyle("views");

/**
 * One step of a door.
 * @typedef {object} Step
 * @property {string} title
 * @property {string} [text]
 * @property {HTMLElement[]} fields
 * @property {string} yes the name of the button
 * @property {(data: FormData) => Promise<unknown>} submit
 * @property {(Node | string | false)[]} [foot]
 */

/** Build a door. Return its element, and a function that shows a step. */
export function buildDoor() {
  const panel = h("div", { class: "door-panel" });
  const element = h("div", { class: "door" }, mosaic(), panel);
  return { element, show: (/** @type {Step} */ step) => showStep(panel, step) };
}

/** @param {string} name @param {string} label @param {Record<string, unknown>} [props] */
export function buildField(name, label, props = {}) {
  return h("label", { class: "field" }, label, h("input", { name, required: true, ...props }));
}

/** @param {string} [value] */
export function buildEmailField(value = "") {
  return buildField("email", t("email"), { type: "email", autocomplete: "username", maxLength: 254, value });
}

/**
 * Build a field for a password that can be shown. For a new password, list the rules and tick those that it meets.
 * @param {{name?: string, label?: string, isNew?: boolean}} [options]
 */
export function buildPasswordField({ name = "password", label = t("password"), isNew = false } = {}) {
  const input = h("input", { name, type: "password", required: true, maxLength: 256, autocomplete: isNew ? "new-password" : "current-password" });
  const eye = h("button", { type: "button", class: "icon-button", ariaLabel: t("password.show"), title: t("password.show"), ariaPressed: "false" }, icon("eye"));
  eye.addEventListener("click", () => {
    const isHidden = input.type === "password";
    input.type = isHidden ? "text" : "password";
    eye.ariaPressed = String(isHidden);
  });
  const rules = h("ul", { class: "password-rules" });
  const element = h("div", { class: "field" }, h("label", null, h("span", null, label), input), eye, isNew && rules);
  const showRules = () => fill(rules, RULES.map(([key, pattern]) => rule(t(key), pattern.test(input.value))));
  input.addEventListener("input", showRules);
  showRules();
  return element;
}

/** Return the path to go to after the sign-in. Only addresses of this page are allowed. @returns {string} */
export function readReturnPath() {
  const query = new URLSearchParams(location.search);
  const wanted = query.has("back") ? recallBack() : query.get("returnTo") ?? "";
  const url = URL.parse(wanted, base);
  return wanted && url?.href.startsWith(base.href) && !wanted.includes("\\") ? url.href.slice(base.href.length) : "library";
}

/** Sign in, and go on to the page that the person wanted. @param {string} email @param {string} password */
export async function enter(email, password) {
  await session.signIn(email, password);
  await navigate(readReturnPath(), { isReplacement: true });
}

/** Return a link to the other door, which keeps the page to return to. @param {"join" | "sign-in"} path @param {string} label */
export function buildDoorLink(path, label) {
  return h("a", { href: new URL(path + location.search, base).href }, label);
}

/** @type {["password.length" | "password.case" | "password.digit", RegExp][]} */
const RULES = [["password.length", /^.{12,}$/s], ["password.case", /(?=.*\p{Lowercase})(?=.*\p{Uppercase})/su], ["password.digit", /\d/]];

/** @param {string} label @param {boolean} isMet */
function rule(label, isMet) {
  return h("li", { class: isMet ? "met" : "" }, icon(isMet ? "check" : "minus"), label);
}

/** @param {HTMLElement} panel @param {Step} step */
function showStep(panel, { title, text, fields, yes, submit, foot = [] }) {
  const fault = new FormFault();
  const button = h("button", { class: "button primary" }, yes);
  const form = h("form", { class: "fields" }, ...fields, fault.element, button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    fault.clear(form);
    try {
      await submit(new FormData(form));
    } catch (error) {
      fault.show(error, form);
    } finally {
      button.disabled = false;
    }
  });
  fill(panel, h("h1", null, title), text && h("p", { class: "quiet" }, text), form, foot.length > 0 && h("p", { class: "door-foot" }, ...foot));
  const first = form.querySelector("input");
  // The router focuses the field of the first step, which is not on the page yet.
  if (first) first.autofocus = true;
  first?.focus();
}

/** Show a few public photos. The door works without them. */
function mosaic() {
  const element = h("div", { class: "mosaic", ariaHidden: "true" });
  const show = (/** @type {PageOf<Photo>} */ { items }) => {
    if (items.length < 5) return;
    fill(element, items.map(({ renditions }) => h("img", { src: renditions["1024"] ?? renditions["256"] ?? "", alt: "" })));
    element.classList.add("full");
  };
  request("GET", "photos", { query: { limit: 5 }, isPublic: true }).then(show, () => {});
  return element;
}
