/** The mode in which the user clicks the photo that becomes the cover of an album. */

import { h } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t } from "../core/texts.js";
import { showToolbar } from "../frame/frame.js";

/** While it exists, a click or the Enter key chooses a photo instead of opening it. */
export class CoverChoice {
  #abort = new AbortController();
  #choose;

  /**
   * @param {import("../grid/photo-grid.js").PhotoGrid} grid
   * @param {(photoId: string) => void} choose
   */
  constructor(grid, choose) {
    this.grid = grid;
    this.#choose = choose;
    const { signal } = this.#abort;
    const options = { capture: true, signal };
    grid.selection?.clear();
    grid.element.classList.add("choosing");
    grid.element.addEventListener("click", (event) => this.#take(event), options);
    grid.element.addEventListener("keydown", (event) => this.#onKey(event), options);
    // A long press would select the photo.
    grid.element.addEventListener("pointerdown", (event) => event.stopPropagation(), options);
    addEventListener("keydown", (event) => this.#leave(event), { signal });
    showToolbar(this.#buildToolbar());
    if (grid.photos.length) grid.focus(grid.focusedId ?? grid.photos[0].photoId);
  }

  end() {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    this.grid.element.classList.remove("choosing");
    showToolbar(null);
  }

  #buildToolbar() {
    const cancel = h("button", { type: "button", class: "button", onclick: () => this.end() }, t("cancel"));
    const words = h("p", { class: "arrange-hint", role: "status" }, h("strong", null, t("album.cover.choose")), h("span", null, t("album.cover.hint")));
    return h("div", { class: "toolbar arrange-bar", role: "toolbar", ariaLabel: t("album.cover.choose") }, icon("library"), words, cancel);
  }

  /** @param {Event} event */
  #take(event) {
    const photo = this.grid.photoOf(event.target);
    event.preventDefault();
    event.stopPropagation();
    if (!photo) return;
    this.end();
    this.#choose(photo.photoId);
  }

  /** Space chooses like Enter. The other keys of a selection do nothing. @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key === " ") this.#take(event);
    else if (event.key === "x" || (event.key === "a" && (event.ctrlKey || event.metaKey)) || (event.shiftKey && event.key.startsWith("Arrow"))) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /** @param {KeyboardEvent} event */
  #leave(event) {
    if (event.key === "Escape" && !document.querySelector("dialog[open], [popover]:popover-open")) this.end();
  }
}
