/** The lightbox: one large photo, with its details and actions. */

import { request, session } from "./api.js";
import * as gallery from "./gallery.js";
import { byId, confirmed, el, explain, say } from "./page.js";
import { paint } from "./thumbhash.js";

const SWIPE = 50;
const dialog = byId("lightbox");
const stage = byId("lightbox-stage");
const image = byId("lightbox-image");
const about = byId("lightbox-about");
const form = byId("lightbox-form");
const complaint = byId("lightbox-error");
let photo = null;

/** Open the photo in the URL fragment (`#photoId`). Close the lightbox if there is no photo id. */
export async function follow() {
  const photoId = location.hash.match(/^#([0-9a-f-]{36})$/)?.[1];
  if (!photoId) return dialog.close();
  try {
    const selected = gallery.photo(photoId) ?? (await request("GET", `photos/${photoId}`));
    if (location.hash !== `#${photoId}`) return;
    show(selected);
    if (!dialog.open) dialog.showModal();
  } catch (error) {
    forgetAddress();
    say(explain(error));
  }
}

export function start() {
  addEventListener("hashchange", follow);
  dialog.addEventListener("close", closed);
  dialog.addEventListener("cancel", (event) => {
    if (form.hidden || event.target !== dialog) return;
    event.preventDefault();
    closeForm();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea, select")) return;
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  image.addEventListener("load", () => image.classList.add("loaded"));
  image.addEventListener("error", refresh);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(save);
  });
  onClick("close", () => dialog.close());
  onClick("previous", () => step(-1));
  onClick("next", () => step(1));
  onClick("edit", openForm);
  onClick("form-cancel", closeForm);
  onClick("download", () => attempt(download));
  onClick("delete", () => attempt(trash));
  onClick("restore", () => attempt(restore));
  onClick("erase", () => attempt(erase));
  watchSwipes();
}

function onClick(name, action) {
  byId(`lightbox-${name}`).addEventListener("click", action);
}

function show(next) {
  photo = next;
  history.replaceState(null, "", `#${photo.photoId}`);
  closeForm();
  complaint.replaceChildren();
  showPicture();
  byId("lightbox-title").textContent = gallery.nameOf(photo);
  byId("lightbox-description").textContent = photo.description ?? "";
  byId("lightbox-tags").replaceChildren(...(photo.tags ?? []).map((tag) => el("li", "", tag)));
  byId("lightbox-facts").replaceChildren(...facts(photo).flatMap(([name, value]) => [el("dt", "", name), el("dd", "", value)]));
  showActions();
  preload();
}

function showPicture() {
  paint(byId("lightbox-placeholder"), photo.placeholder);
  image.classList.remove("loaded");
  image.removeAttribute("src");
  image.alt = gallery.nameOf(photo);
  image.dataset.refreshed = "";
  if (photo.renditions?.["2048"]) image.src = photo.renditions["2048"];
}

function showActions() {
  const own = photo.userId === session.userId;
  const trashed = own && gallery.inTrash() && Boolean(gallery.photo(photo.photoId));
  const shown = { download: !trashed, edit: own && !trashed, delete: own && !trashed, restore: trashed, erase: trashed };
  for (const [name, visible] of Object.entries(shown)) byId(`lightbox-${name}`).hidden = !visible;
  for (const [name, by] of [["previous", -1], ["next", 1]]) {
    byId(`lightbox-${name}`).ariaDisabled = String(!gallery.hasNeighbour(photo.photoId, by));
  }
}

function facts({ exif, width, height, takenAt, takenLocal, uploadedAt, rating, visibility }) {
  const { camera, lens, focalLength, aperture, shutter, iso, latitude, longitude } = exif ?? {};
  const exposure = [focalLength && `${focalLength} mm`, aperture && `f/${aperture}`, shutter && `${shutter} s`, iso && `ISO ${iso}`];
  return [
    ["Taken", takenAt && day(takenLocal ? `${takenLocal}Z` : takenAt, "UTC")],
    ["Camera", camera],
    ["Lens", lens],
    ["Exposure", exposure.filter(Boolean).join(" · ")],
    ["Position", latitude != null && longitude != null && `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`],
    ["Size", width && height && `${width} × ${height}`],
    ["Rating", rating?.count && `${rating.average.toFixed(1)} of 5 (${rating.count})`],
    ["Uploaded", uploadedAt && day(uploadedAt)],
    ["Visible to", { unlisted: "anyone with the link", private: "only you" }[visibility]],
  ].filter(([, value]) => value);
}

function day(time, timeZone) {
  return new Date(time).toLocaleDateString("en", { dateStyle: "long", timeZone });
}

async function step(by) {
  const from = photo;
  const photoId = await gallery.neighbour(from.photoId, by);
  if (photo === from && photoId && dialog.open) show(gallery.photo(photoId));
}

async function preload() {
  const from = photo;
  const next = gallery.photo(await gallery.neighbour(from.photoId, 1));
  if (photo !== from) return;
  showActions();
  if (next?.renditions?.["2048"]) new Image().src = next.renditions["2048"];
}

function watchSwipes() {
  let from = null;
  stage.addEventListener("pointerdown", (event) => {
    from = event.isPrimary && event.pointerType === "touch" ? event : null;
  });
  stage.addEventListener("pointerup", (event) => {
    if (!from || event.pointerId !== from.pointerId) return;
    const across = event.clientX - from.clientX;
    const along = event.clientY - from.clientY;
    if (Math.abs(across) > SWIPE && Math.abs(across) > 2 * Math.abs(along)) step(across < 0 ? 1 : -1);
  });
}

function openForm() {
  const { title, description, tags, visibility } = form.elements;
  title.value = photo.title ?? "";
  description.value = photo.description ?? "";
  tags.value = (photo.tags ?? []).join(", ");
  visibility.value = photo.visibility;
  swap(form, about);
  title.focus();
}

function closeForm() {
  const focused = form.contains(document.activeElement);
  swap(about, form);
  if (focused) byId("lightbox-edit").focus();
}

function swap(shown, hidden) {
  shown.hidden = false;
  hidden.hidden = true;
  byId("lightbox-actions").hidden = shown === form;
}

/** Run one action at a time, and show its error in the lightbox. */
async function attempt(action) {
  if (dialog.ariaBusy === "true") return;
  dialog.ariaBusy = "true";
  complaint.replaceChildren();
  try {
    await action(photo);
  } catch (error) {
    complaint.replaceChildren(...explain(error));
  } finally {
    dialog.ariaBusy = "false";
  }
}

async function save({ photoId }) {
  const { title, description, tags, visibility } = form.elements;
  const body = {
    title: title.value.trim(),
    description: description.value.trim(),
    tags: [...new Set(tags.value.split(",").map((tag) => tag.trim()).filter(Boolean))],
    visibility: visibility.value,
  };
  const changed = await request("PATCH", `photos/${photoId}`, { body });
  gallery.update(changed);
  if (photo.photoId === photoId) show(changed);
}

async function download({ photoId }) {
  const { url } = await request("GET", `photos/${photoId}/download`);
  const link = el("a", "");
  link.href = url;
  link.click();
}

async function trash({ photoId }) {
  if (!(await confirmed("Move this photo to your trash? You can restore it for 30 days.", "Delete"))) return;
  await request("DELETE", `photos/${photoId}`);
  const putBack = gallery.remove(photoId);
  dialog.close();
  say("The photo was moved to your trash.", { label: "Undo", run: () => undo(photoId, putBack) });
  byId("status-action").focus();
}

async function undo(photoId, putBack) {
  try {
    await request("POST", `photos/${photoId}/restore`);
    putBack();
    say("The photo was restored.");
    gallery.focus(photoId);
  } catch (error) {
    say(explain(error), { label: "Try again", run: () => undo(photoId, putBack) });
  }
}

async function restore({ photoId }) {
  await request("POST", `photos/${photoId}/restore`);
  leave(photoId, "The photo was restored to your photos.");
}

async function erase({ photoId }) {
  if (!(await confirmed("Delete this photo forever? You cannot undo this.", "Delete forever"))) return;
  await request("DELETE", `photos/${photoId}`, { query: { permanent: true } });
  leave(photoId, "The photo was deleted.");
}

function leave(photoId, words) {
  gallery.remove(photoId);
  dialog.close();
  byId("gallery").focus({ preventScroll: true });
  say(words);
}

/** Fetch a new signed URL once, because the old URL has expired. */
async function refresh() {
  if (image.dataset.refreshed) return complaint.replaceChildren("The picture cannot be shown.");
  image.dataset.refreshed = "true";
  const stale = photo;
  const fresh = await request("GET", `photos/${stale.photoId}`).catch(() => stale);
  if (photo === stale && fresh.renditions) image.src = fresh.renditions["2048"];
}

function closed() {
  forgetAddress();
  gallery.focus(photo.photoId);
  image.removeAttribute("src");
  photo = null;
}

function forgetAddress() {
  history.replaceState(null, "", location.pathname + location.search);
}
