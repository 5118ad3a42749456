/** The facts about a photo: time, camera, position, file, and who can see it. */

import { h } from "../core/dom.js";
import { formatBytes, formatDate, formatMoment, localTime } from "../core/format.js";
import { icon } from "../core/icons.js";
import { t } from "../core/texts.js";
import { formatOffset } from "./zoom.js";

/** @type {Record<Visibility, import("../core/icons.js").IconName>} */
const SIGNS = { public: "globe", unlisted: "link", private: "lock" };

/**
 * @param {Photo} photo
 * @param {{changeVisibility: (() => void) | null}} options null if the photo cannot be changed
 */
export function buildFacts(photo, { changeVisibility }) {
  return h("ul", { class: "facts" }, time(photo), camera(photo), position(photo), file(photo), changeVisibility && visibility(photo, changeVisibility));
}

/** @param {import("../core/icons.js").IconName} name @param {string} label @param {import("../core/dom.js").Child} first @param {...import("../core/dom.js").Child} more */
function fact(name, label, first, ...more) {
  const rest = more.filter(Boolean);
  return h("li", null, icon(name), h("span", { class: "unseen" }, `${label}: `), h("span", null, first), rest.length > 0 && h("small", null, ...rest));
}

/** @param {Photo} photo */
function time(photo) {
  const { takenAt, takenLocal, takenOffset, uploadedAt } = photo;
  if (!takenAt) return fact("calendar", t("viewer.time"), t("viewer.uploaded", { date: formatDate(uploadedAt) }), t("viewer.time.unknown"));
  const zone = takenOffset ? t("viewer.time.local", { offset: formatOffset(takenOffset) }) : takenLocal ? t("viewer.time.no-zone") : "UTC";
  return fact("calendar", t("viewer.time"), formatMoment(localTime(photo)), zone);
}

/** @param {Photo} photo */
function camera({ exif: { camera: name, lens, focalLength, aperture, shutter, iso } }) {
  const exposure = [focalLength && `${focalLength} mm`, aperture && `f/${aperture}`, shutter && `${shutter} s`, iso && `ISO ${iso}`].filter(Boolean).join(" · ");
  const device = [name, lens].filter(Boolean).join(", ");
  if (!device && !exposure) return null;
  return fact("camera", t("viewer.camera"), device || exposure, device && exposure);
}

/** The service shows the position to the owner only. @param {Photo} photo */
function position({ exif: { latitude, longitude } }) {
  if (latitude === undefined || longitude === undefined) return null;
  const [north, east] = [latitude.toFixed(5), longitude.toFixed(5)];
  const url = `https://www.openstreetmap.org/?${new URLSearchParams({ mlat: north, mlon: east })}#map=15/${north}/${east}`;
  const link = h("a", { href: url, target: "_blank", rel: "noreferrer" }, t("viewer.map"));
  return fact("pin", t("viewer.position"), `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`, link, ` · ${t("viewer.position.only-you")}`);
}

/** @param {Photo} photo */
function file({ filename, width, height, size }) {
  const edges = width && height ? `${width} × ${height} · ` : "";
  return fact("file", t("viewer.file"), filename, `${edges}${formatBytes(size)}`);
}

/** @param {Photo} photo @param {() => void} change */
function visibility({ visibility: who }, change) {
  const button = h("button", { type: "button", class: "link-button", ariaHasPopup: "dialog", onclick: change }, t("viewer.visibility.change"));
  return fact(SIGNS[who], t("viewer.visibility"), t(`visibility.${who}`), button);
}
