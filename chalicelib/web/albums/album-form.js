/** The dialogs that create and describe an album. */

import { openForm } from "../core/dialogs.js";
import { h } from "../core/dom.js";
import { Complaint } from "../core/errors.js";
import { t } from "../core/texts.js";
import { changeAlbum, createAlbum } from "./albums.js";
import { formatYears, parseYears } from "./years.js";

/** @type {Visibility[]} */
const VISIBILITIES = ["private", "unlisted", "public"];
const CONTINENTS = /** @type {const} */ (["africa", "antarctica", "asia", "europe", "north-america", "oceania", "south-america"]);

/**
 * Ask for a new album, and create it.
 * @param {(album: Album) => unknown} [onDone]
 * @param {string} [name]
 */
export function openNewAlbum(onDone, name = "") {
  return openForm({
    title: t("album.new"),
    yes: t("album.create"),
    fields: [...describingFields({ name }), visibilityField("private")],
    submit: async (data) => onDone?.(await createAlbum({ ...readFields(data), visibility: data.get("visibility") })),
  });
}

/** @param {Album} album */
export function openDescription(album) {
  openForm({ title: t("album.describe"), yes: t("save"), fields: describingFields(album), submit: (data) => changeAlbum(album.albumId, readFields(data)) });
}

/** @param {Album} album */
export function openVisibility(album) {
  const submit = (/** @type {FormData} */ data) => changeAlbum(album.albumId, { visibility: data.get("visibility") });
  openForm({ title: t("album.visibility"), yes: t("save"), fields: [visibilityField(album.visibility)], submit });
}

/** @param {Partial<Album>} album */
function describingFields({ name = "", description = "", continent = "", country = "", years = [] }) {
  const continentInput = h("input", { name: "continent", maxLength: 100, value: continent, autocomplete: "off" });
  continentInput.setAttribute("list", "continents");
  const continents = h("datalist", { id: "continents" }, CONTINENTS.map((key) => h("option", { value: t(`continent.${key}`) })));
  return [
    field("album.name", h("input", { name: "name", required: true, maxLength: 200, value: name, autocomplete: "off" })),
    field("album.description", h("textarea", { name: "description", maxLength: 2000, rows: 3, value: description })),
    h(
      "div",
      { class: "field-row" },
      field("album.country", h("input", { name: "country", maxLength: 100, value: country, autocomplete: "off" })),
      field("album.continent", continentInput),
    ),
    continents,
    field("album.years", h("input", { name: "years", maxLength: 400, value: formatYears(years, "–"), autocomplete: "off" }), t("album.years.hint")),
  ];
}

/** @param {import("../core/texts.js").Key} key @param {HTMLElement} input @param {string} [hint] */
function field(key, input, hint) {
  return h("label", { class: "field" }, t(key), input, hint && h("span", { class: "hint" }, hint));
}

/** @param {Visibility} chosen */
function visibilityField(chosen) {
  const choices = VISIBILITIES.map((value) => {
    const input = h("input", { type: "radio", name: "visibility", value, checked: value === chosen });
    return h("label", { class: "choice" }, input, h("span", null, t(`visibility.${value}`), h("small", null, t(`album.visibility.${value}`))));
  });
  return h("fieldset", { class: "choices" }, h("legend", null, t("album.visibility")), ...choices);
}

/** @param {FormData} data */
function readFields(data) {
  const text = (/** @type {string} */ name) => String(data.get(name) ?? "").trim();
  const years = parseYears(text("years"));
  if (!years) throw new Complaint(t("album.years.wrong"), ["years"]);
  return { name: text("name"), description: text("description"), continent: text("continent"), country: text("country"), years };
}
