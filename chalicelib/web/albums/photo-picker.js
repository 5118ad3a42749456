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
const NEAR = "600px";

/**
 * Let the user choose photos. Photos for which `isKnown` is true are already in the album.
 * @param {{name: string, isKnown: (photoId: string) => boolean, add: (photos: Photo[]) => void}} options
 */
export function openPhotoPicker(options) {
  return new PhotoPicker(options);
}

class PhotoPicker {
  #selection = new Selection();
  #items = h("ul", { class: "picker-grid" });
  #note = h("div", { class: "picker-note", role: "status" });
  #scroller = h("div", { class: "picker-scroller", tabIndex: -1 }, this.#items, this.#note);
  #save = h("button", { type: "button", class: "button primary", disabled: true, onclick: () => this.#finish() }, t("album.add"));
  #search = h("input", { type: "search", ariaLabel: t("picker.search"), placeholder: t("picker.search"), oninput: () => this.#searchSoon() });
  #watcher = new IntersectionObserver(([entry]) => entry.isIntersecting && void this.#list.load(), { root: this.#scroller, rootMargin: NEAR });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #list = this.#build("");

  /** @param {{name: string, isKnown: (photoId: string) => boolean, add: (photos: Photo[]) => void}} options */
  constructor({ name, isKnown, add }) {
    this.isKnown = isKnown;
    this.add = add;
    const cancel = h("button", { type: "button", class: "button plain", onclick: () => this.dialog.close() }, t("cancel"));
    this.dialog = openDialog({ title: t("picker.title", { name }), name: "photo-picker", content: [this.#search, this.#scroller, h("p", { class: "actions" }, cancel, this.#save)], onClose: () => this.#close() });
    this.#selection.addEventListener("change", () => this.#showSelection());
    void this.#list.load();
  }

  /** @param {string} words */
  #build(words) {
    const list = words ? new PhotoList({ path: "search", query: { q: words, scope: "mine" } }) : new PhotoList({ path: "photos", query: { scope: "mine", order: "taken" } });
    list.addEventListener("change", () => this.#show());
    return list;
  }

  #searchSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#list.close();
      this.#list = this.#build(this.#search.value.trim());
      fill(this.#items);
      void this.#list.load();
    }, PAUSE);
  }

  #show() {
    const { items, error, hasEnded } = this.#list;
    this.#items.append(...items.slice(this.#items.children.length).map((photo) => this.#buildChoice(photo)));
    const retry = h("button", { type: "button", class: "button", onclick: () => void this.#list.retry() }, t("retry"));
    fill(this.#note, error ? [h("p", { class: "error" }, ...explain(error)), retry] : hasEnded && !items.length && t("picker.none"));
    // The observer reports only changes, so ask again if the note is still near.
    this.#watcher.unobserve(this.#note);
    if (!hasEnded && !error) this.#watcher.observe(this.#note);
  }

  /** @param {Photo} photo */
  #buildChoice(photo) {
    const isKnown = this.isKnown(photo.photoId);
    const image = h("img", { alt: "", loading: "lazy", decoding: "async", src: photo.renditions["256"] ?? "" });
    const label = [nameOf(photo), formatDate(photo.takenAt ?? photo.uploadedAt), isKnown && t("picker.known")].filter(Boolean).join(", ");
    const props = { type: "button", class: "picker-photo", disabled: isKnown, ariaLabel: label, ariaPressed: String(this.#selection.has(photo.photoId)) };
    const button = h("button", props, image, h("span", { class: "picker-tick" }, icon("check")), isKnown && h("small", null, t("picker.known")));
    button.addEventListener("click", (event) => this.#choose(photo, event.shiftKey));
    return h("li", { dataset: { photoId: photo.photoId } }, button);
  }

  /** @param {Photo} photo @param {boolean} isRange */
  #choose(photo, isRange) {
    if (isRange) this.#selection.extend(photo, this.#list.items.filter(({ photoId }) => !this.isKnown(photoId)));
    else this.#selection.toggle(photo);
  }

  #showSelection() {
    const count = this.#selection.size;
    this.#save.disabled = !count;
    this.#save.textContent = count ? t("album.add.count", { count }) : t("album.add");
    for (const item of /** @type {NodeListOf<HTMLElement>} */ (this.#items.querySelectorAll("li"))) {
      const button = item.querySelector("button");
      if (button) button.ariaPressed = String(this.#selection.has(item.dataset.photoId ?? ""));
    }
  }

  #finish() {
    this.add(this.#selection.photos);
    this.dialog.close();
  }

  #close() {
    clearTimeout(this.#timer);
    this.#watcher.disconnect();
    this.#list.close();
  }
}
