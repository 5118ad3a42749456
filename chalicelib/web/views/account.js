/** The account: look and language, usage, password, sessions, and cancelling it. */

import { request } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { formatBytes, formatDate } from "../core/format.js";
import { applyTheme, recall, remember } from "../core/preferences.js";
import { wrapSelect } from "../core/select.js";
import { session } from "../core/session.js";
import { LANGUAGES, language, t } from "../core/texts.js";
import { buildCancelCard, buildSignInCard } from "../account/cards.js";
import { redirectToSignIn } from "./library.js";
import { loadStyle } from "../core/styles.js";

await loadStyle("views");

const NEAR = 0.9;

/** @typedef {{email: string, photoCount: number, bytes: number, limits: {photos: number, bytes: number}, createdAt: string}} Account */

/** @returns {Promise<View>} */
export async function open() {
  await session.ready;
  if (!session.userId) return redirectToSignIn();
  /** @type {Account} */
  const account = await request("GET", "account");
  const cards = h("div", { class: "cards" }, youCard(account), usageCard(account), buildSignInCard(account.email), buildCancelCard(account));
  return { title: t("account"), element: h("div", { class: "account" }, h("h1", null, t("account")), cards) };
}

/** @param {Account} account */
function youCard({ email, createdAt }) {
  const who = h("div", { class: "row" }, h("span", { class: "avatar large", ariaHidden: "true" }, email.slice(0, 2).toUpperCase()), h("p", null, email, h("br"), h("small", null, t("account.since", { date: formatDate(createdAt) }))));
  const choose = h("select", { ariaLabel: t("account.language"), onchange: () => changeLanguage(choose.value) }, ...Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, selected: language.startsWith(code) }, name)));
  return h("section", { class: "card" }, h("h2", null, t("account.you")), who, h("div", { class: "row" }, h("span", null, t("account.look")), themeSwitch()), h("div", { class: "row" }, h("span", null, t("account.language")), wrapSelect(choose)));
}

function themeSwitch() {
  const current = recall("theme") ?? "";
  /** @type {["" | "light" | "dark", "look.device" | "look.light" | "look.dark"][]} */
  const themes = [["", "look.device"], ["light", "look.light"], ["dark", "look.dark"]];
  return h("fieldset", { class: "segments" }, h("legend", { class: "unseen" }, t("account.look")), ...themes.map(([value, key]) => {
    const input = h("input", { type: "radio", name: "theme", value, checked: value === current, onchange: () => changeTheme(value) });
    return h("label", null, input, h("span", null, t(key)));
  }));
}

/** @param {string} theme */
function changeTheme(theme) {
  remember("theme", theme || null);
  applyTheme();
}

/** @param {string} code */
function changeLanguage(code) {
  remember("language", code);
  location.reload();
}

/** @param {Account} account */
function usageCard({ bytes, photoCount, limits }) {
  const storage = meter(t("usage.storage"), bytes, limits.bytes, t("usage.of", { used: formatBytes(bytes), limit: formatBytes(limits.bytes) }));
  const photos = meter(t("usage.photos"), photoCount, limits.photos, t("usage.of", { used: photoCount, limit: limits.photos }));
  return h("section", { class: "card" }, h("h2", null, t("usage")), storage, photos, h("p", { class: "quiet" }, t("usage.bin")));
}

/** @param {string} label @param {number} used @param {number} limit @param {string} words */
function meter(label, used, limit, words) {
  const isNear = used >= limit * NEAR;
  const bar = h("progress", { max: limit, value: used, ariaLabel: label });
  const element = h("div", { class: isNear ? "meter near" : "meter" });
  fill(element, h("span", null, label), h("span", { class: "quiet" }, words), bar, isNear && h("small", null, t("usage.near")));
  return element;
}
