/** The page at which a visitor types the password of a share link. */

import { request } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { explain } from "../core/errors.js";
import { formatWait } from "../core/format.js";
import { ApiError } from "../core/http.js";
import { icon } from "../core/icons.js";
import { href } from "../core/router.js";
import { t } from "../core/texts.js";

const PICTURES = 5;

/** @param {import("./link.js").Link} link @param {() => void} onOpen */
export function buildDoor(link, onOpen) {
  const input = h("input", { type: "password", name: "password", required: true, maxLength: 256, autocomplete: "current-password", ariaLabel: t("password"), "aria-describedby": "link-fault" });
  const fault = h("p", { id: "link-fault", class: "error door-fault", role: "alert" });
  const enter = h("button", { class: "button primary" }, t("link.open"));
  const field = h("div", { class: "door-field" }, icon("lock"), input, buildEye(input));
  const form = h("form", { class: "fields", onsubmit: submit }, h("div", { class: "field" }, h("span", { ariaHidden: "true" }, t("password")), field), fault, enter);
  const brand = h("a", { class: "brand", href: href("") }, h("img", { src: new URL("../icons/icon.svg", import.meta.url).href, alt: "", width: 28, height: 28 }), h("span", null, "Photoshare"));
  const text = h("div", { class: "door" }, brand, h("h1", null, t("link.password.title")), h("p", { class: "quiet" }, t("link.password.text")), form);
  queueMicrotask(() => input.focus());
  return h("div", { class: "link-door" }, buildPictures(), text);

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (enter.disabled) return;
    enter.disabled = true;
    try {
      await link.unlock(input.value);
      onOpen();
    } catch (error) {
      input.ariaInvalid = "true";
      fill(fault, icon("error"), h("span", null, describe(error)));
      input.select();
    } finally {
      enter.disabled = false;
    }
  }
}

/** @param {unknown} error */
function describe(error) {
  if (error instanceof ApiError && error.code === "InvalidLinkPassword") return t("link.password.wrong");
  if (error instanceof ApiError && error.status === 429) return t("link.password.wait", { wait: formatWait(error.retryAfter || 60) });
  if (error instanceof ApiError && error.status === 404) return t("link.ended");
  return h("span", null, ...explain(error));
}

/** @param {HTMLInputElement} input */
function buildEye(input) {
  const eye = h("button", { type: "button", class: "icon-button", ariaLabel: t("password.show"), title: t("password.show"), ariaPressed: "false" }, icon("eye"));
  eye.addEventListener("click", () => {
    const isShown = input.type === "text";
    input.type = isShown ? "password" : "text";
    eye.ariaPressed = String(!isShown);
    input.focus();
  });
  return eye;
}

/** Show some public photos. They have nothing to do with the album, whose photos nobody sees before the password. */
function buildPictures() {
  const pictures = h("div", { class: "door-pictures", ariaHidden: "true" }, Array.from({ length: PICTURES }, () => h("i")));
  void load();
  return pictures;

  async function load() {
    try {
      /** @type {PageOf<Photo>} */
      const { items } = await request("GET", "photos", { query: { order: "random", limit: PICTURES }, isPublic: true });
      items.forEach(({ renditions }, at) => fill(pictures.children[at], h("img", { alt: "", src: renditions["1024"] ?? renditions["256"] })));
    } catch {
      // The page works without pictures.
    }
  }
}
