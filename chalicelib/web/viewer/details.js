/** The form for a photo's title, description, tags, visibility and time. */

import { openForm } from "../core/dialogs.js";
import { h } from "../core/dom.js";
import { changePhoto } from "../core/photos.js";
import { wrapSelect } from "../core/select.js";
import { buildTagField } from "../core/tag-field.js";
import { say } from "../core/toast.js";
import { t } from "../core/texts.js";
import { formatOffset } from "./zoom.js";

/** @type {Visibility[]} */
export const VISIBILITIES = ["private", "unlisted", "public"];
const OFFSETS = [
  "-12:00", "-11:00", "-10:00", "-09:30", "-09:00", "-08:00", "-07:00", "-06:00", "-05:00", "-04:00", "-03:30", "-03:00", "-02:00", "-01:00", "+00:00",
  "+01:00", "+02:00", "+03:00", "+03:30", "+04:00", "+04:30", "+05:00", "+05:30", "+05:45", "+06:00", "+06:30", "+07:00", "+08:00", "+08:45", "+09:00",
  "+09:30", "+10:00", "+10:30", "+11:00", "+12:00", "+12:45", "+13:00", "+14:00",
];

/**
 * Edit a photo. `focus` is the name of the field that gets the focus.
 * @param {Photo} photo @param {string} [focus]
 */
export function editDetails(photo, focus = "title") {
  const tags = buildTagField(photo.tags);
  const fields = [
    field(t("viewer.edit.title"), h("input", { name: "title", maxLength: 200, value: photo.title, placeholder: photo.filename })),
    field(t("viewer.edit.description"), h("textarea", { name: "description", maxLength: 2000, rows: 3, value: photo.description })),
    h("div", { class: "field" }, h("span", null, t("viewer.edit.tags")), tags.element, h("small", { class: "hint" }, t("tags.hint"))),
    field(t("viewer.visibility"), select("visibility", photo.visibility, VISIBILITIES.map((each) => [each, t(`visibility.${each}`)]))),
    field(t("viewer.edit.time"), h("input", { name: "takenLocal", type: "datetime-local", step: "1", value: photo.takenLocal ?? "" }), t("viewer.edit.time.hint")),
    field(t("viewer.edit.zone"), select("takenOffset", photo.takenOffset ?? "", zones(photo.takenOffset))),
  ];
  const dialog = openForm({ title: t("viewer.edit"), fields, yes: t("viewer.edit.save"), submit: (data) => save(photo, data, tags.tags) });
  /** @type {HTMLElement | null} */ (dialog.querySelector(focus === "tags" ? ".tag-field input" : `[name="${focus}"]`))?.focus();
}

/** @param {Photo} photo @param {FormData} data @param {string[]} tags */
async function save(photo, data, tags) {
  const wanted = readForm(data, tags);
  /** @type {Record<string, unknown>} */
  const before = { ...photo };
  const changes = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
  if (!Object.keys(changes).length) return;
  await changePhoto(photo.photoId, changes);
  say(t("viewer.edit.saved"));
}

/** Return the fields as the service stores them. @param {FormData} data @param {string[]} tags */
function readForm(data, tags) {
  const text = (/** @type {string} */ name) => String(data.get(name) ?? "").trim();
  const local = text("takenLocal");
  // Browsers leave out seconds that are 0.
  const takenLocal = local ? (local.length === 16 ? `${local}:00` : local.slice(0, 19)) : null;
  return { title: text("title"), description: text("description"), tags, visibility: text("visibility"), takenLocal, takenOffset: takenLocal ? text("takenOffset") || null : null };
}

/** @param {string} label @param {HTMLElement} control @param {string} [hint] */
function field(label, control, hint) {
  return h("label", { class: "field" }, label, control, hint && h("small", { class: "hint" }, hint));
}

/** @param {string} name @param {string} value @param {string[][]} options */
function select(name, value, options) {
  return wrapSelect(h("select", { name }, ...options.map(([each, text]) => h("option", { value: each, selected: each === value }, text))));
}

/** @param {string | null} current */
function zones(current) {
  const all = current && !OFFSETS.includes(current) ? [current, ...OFFSETS] : OFFSETS;
  return [["", t("viewer.edit.zone.unknown")], ...all.map((offset) => [offset, formatOffset(offset)])];
}
