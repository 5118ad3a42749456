/** Choose photos of one's own library for an album. */

import { openDialog } from "../core/dialogs.js";
import { fill, h } from "../core/dom.js";
import { explain } from "../core/errors.js";
import { formatDate } from "../core/format.js";
import { icon } from "../core/icons.js";
import { nameOf } from "../core/photos.js";
import { t } from "../core/texts.js";
import { PhotoList } from "../grid/photo-list.js";
import { Selection } from "../grid/selection.js";

const PAUSE = 300;

/**
 * Let the user choose photos. Photos for which `isKnown` is true are already in the album.
 * @param {{name: string, isKnown: (photoId: string) => boolean, add: (photos: Photo[]) => void}} options
 */
export function openPhotoPicker({ name, isKnown, add }) {
  const selection = new Selection();
  const save = h("button", { type: "button", class: "button primary", disabled: true, onclick: finish }, t("album.add.none"));
  const items = h("ul", { class: "picker-grid" });
  const note = h("div", { class: "picker-note", role: "status" });
  const search = h("input", { type: "search", ariaLabel: t("picker.search"), placeholder: t("picker.search"), oninput: searchSoon });
  const scroller = h("div", { class: "picker-scroller", tabIndex: -1 }, items, note);
  const dialog = openDialog({ title: t("picker.title", { name }), name: "photo-picker", content: [search, scroller, h("p", { class: "actions" }, cancelButton(), save)], onClose: close });
  const watcher = new IntersectionObserver(([entry]) => entry.isIntersecting && void list.load(), { root: scroller, rootMargin: "600px" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let list = listAll("");
  selection.addEventListener("change", showCount);
  watcher.observe(note);
  return dialog;

  /** @param {string} words */
  function listAll(words) {
    const found = words ? new PhotoList({ path: "search", query: { q: words, scope: "mine" } }) : new PhotoList({ path: "photos", query: { scope: "mine", order: "newest" } });
    fill(items);
    found.addEventListener("change", () => show(found));
    void found.load();
    return found;
  }

  function searchSoon() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      list.close();
      list = listAll(search.value.trim());
    }, PAUSE);
  }

  /** @param {PhotoList} found */
  function show(found) {
    const shown = new Set([...items.children].map((item) => /** @type {HTMLElement} */ (item).dataset.photoId));
    items.append(...found.items.filter(({ photoId }) => !shown.has(photoId)).map((photo) => buildChoice(photo, isKnown(photo.photoId), selection, () => list.items)));
    const retry = h("button", { type: "button", class: "button", onclick: () => void found.retry() }, t("retry"));
    fill(note, found.error ? [h("p", { class: "error" }, ...explain(found.error)), retry] : found.hasEnded && !found.items.length && t("picker.none"));
    // The observer reports only changes, so ask again if the note is still near.
    watcher.unobserve(note);
    if (!found.hasEnded && !found.error) watcher.observe(note);
  }

  function showCount() {
    save.disabled = !selection.size;
    save.textContent = selection.size ? t("album.add.count", { count: selection.size }) : t("album.add.none");
    for (const item of /** @type {NodeListOf<HTMLElement>} */ (items.querySelectorAll("li"))) {
      const button = item.querySelector("button");
      if (button) button.ariaPressed = String(selection.has(item.dataset.photoId ?? ""));
    }
  }

  function finish() {
    add(selection.photos);
    dialog.close();
  }

  function cancelButton() {
    return h("button", { type: "button", class: "button plain", onclick: () => dialog.close() }, t("cancel"));
  }

  function close() {
    clearTimeout(timer);
    watcher.disconnect();
    list.close();
  }
}

/** @param {Photo} photo @param {boolean} isKnown @param {Selection} selection @param {() => Photo[]} order */
function buildChoice(photo, isKnown, selection, order) {
  const image = h("img", { alt: "", loading: "lazy", decoding: "async", src: photo.renditions["256"] ?? "" });
  const label = `${nameOf(photo)}, ${formatDate(photo.takenAt ?? photo.uploadedAt)}${isKnown ? `, ${t("picker.known")}` : ""}`;
  const button = h("button", { type: "button", class: "picker-photo", disabled: isKnown, ariaLabel: label, ariaPressed: String(selection.has(photo.photoId)) }, image, h("span", { class: "picker-tick" }, icon("check")), isKnown && h("small", null, t("picker.known")));
  button.addEventListener("click", (event) => (event.shiftKey ? selection.extend(photo, order()) : selection.toggle(photo)));
  return h("li", { dataset: { photoId: photo.photoId } }, button);
}
