/** The texts of the page, in the language of the browser or in the chosen one. */

import { recall } from "./preferences.js";
import en from "../texts/en.js";

/** @typedef {keyof typeof en} Key */
/** @typedef {string | {one: string, other: string}} Text */

export const LANGUAGES = { en: "English", de: "Deutsch" };
const table = await load();

/** The language of texts, dates and numbers. */
export const language = table === en ? englishLocale() : "de";
document.documentElement.lang = language.slice(0, 2);
const plural = new Intl.PluralRules(language);

/**
 * Return a text. `{name}` in it is replaced by a value. A text with plural forms is chosen by `values.count`.
 * @param {Key} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const text = /** @type {Text} */ (table[key] ?? en[key]);
  const form = typeof text === "string" ? text : text[plural.select(Number(values.count)) === "one" ? "one" : "other"];
  return form.replace(/\{(\w+)\}/g, (_, name) => format(values[name]));
}

/** Return whether there is a text with this key. Keys of error codes are built at run time. @param {string} key */
export function hasText(key) {
  return key in en;
}

/** @param {string | number} value */
function format(value) {
  return typeof value === "number" ? value.toLocaleString(language) : value;
}

/** @returns {Promise<Partial<Record<Key, Text>>>} */
async function load() {
  const wanted = [recall("language"), ...navigator.languages].find((name) => name && name.slice(0, 2) in LANGUAGES);
  return wanted?.startsWith("de") ? (await import("../texts/de.js")).default : en;
}

/** Keep the browser's kind of English, because it decides the order of day and month. */
function englishLocale() {
  return navigator.languages.find((name) => name.startsWith("en")) ?? "en";
}
