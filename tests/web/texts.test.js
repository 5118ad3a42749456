/** The texts: every language has every text, with the same values, and no text is unused. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import de from "../../chalicelib/web/texts/de.js";
import en from "../../chalicelib/web/texts/en.js";

const WEB = new URL("../../chalicelib/web/", import.meta.url);

/** @param {string | {one: string, other: string}} text */
const forms = (text) => (typeof text === "string" ? [text] : [text.one, text.other]);

/** @param {string | {one: string, other: string}} text */
const values = (text) => new Set(forms(text).flatMap((form) => [...form.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)));

test("German has the keys of English", () => {
  assert.deepEqual(Object.keys(de).sort(), Object.keys(en).sort());
});

test("a text has the same values and plural forms in both languages", () => {
  for (const [key, text] of Object.entries(en)) {
    const translated = /** @type {Record<string, any>} */ (de)[key];
    assert.deepEqual(values(translated), values(text), key);
    assert.equal(typeof translated, typeof text, key);
  }
});

test("every text is used", () => {
  const sources = readdirSync(WEB, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js") && !name.startsWith("texts/"));
  const code = sources.map((name) => readFileSync(new URL(name, WEB), "utf8")).join("\n");
  // Some keys are built from a value, such as `visibility.${visibility}`.
  const beginnings = [...code.matchAll(/`([a-z-]+\.(?:[a-z-]+\.)*)\$\{/g)].map(([, beginning]) => beginning);
  const unused = Object.keys(en).filter((key) => !code.includes(`"${key}"`) && !beginnings.some((beginning) => key.startsWith(beginning)));
  assert.deepEqual(unused, []);
});
