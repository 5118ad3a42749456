/** The photos of a share link: their order, and the selection that a visitor downloads. */

import { fill, h } from "../core/dom.js";
import { t } from "../core/texts.js";
import { PhotoGrid } from "../grid/photo-grid.js";
import { Selection } from "../grid/selection.js";
import { attachToolbar } from "../selection/toolbar.js";
import { buildEmpty } from "../views/empty.js";
import { ORDERS } from "./albums.js";

/** Dispatches "change" when the list has changed. */
export class SharedPhotos extends EventTarget {
  element = h("div");
  chips = h("div", { class: "chips", role: "group", ariaLabel: t("order") });
  #stop = () => {};
  #link;

  /** @param {import("./link.js").Link} link */
  constructor(link) {
    super();
    this.#link = link;
    // The address of a link has no order, so the entry of the history keeps it for a reload.
    const order = ORDERS.find((each) => each === history.state?.order) ?? "position";
    this.list = this.#show(order);
  }

  close() {
    this.#stop();
  }

  /** @param {typeof ORDERS[number]} order */
  #show(order) {
    this.#stop();
    const list = this.#link.buildList(order);
    const selection = new Selection();
    const grid = new PhotoGrid({ list, selection, label: t("album.label"), empty: () => buildEmpty({ title: t("album.empty") }) });
    const detach = attachToolbar(selection, { kind: "link", list });
    this.#stop = () => {
      detach();
      grid.close();
    };
    list.addEventListener("change", () => this.dispatchEvent(new Event("change")));
    fill(this.element, grid.element);
    fill(this.chips, ORDERS.map((each) => this.#chip(each, each === order)));
    return list;
  }

  /** @param {typeof ORDERS[number]} order @param {boolean} isOn */
  #chip(order, isOn) {
    const choose = () => {
      history.replaceState({ ...history.state, order }, "");
      this.list = this.#show(order);
      /** @type {HTMLElement | null} */ (this.chips.querySelector('[aria-pressed="true"]'))?.focus();
    };
    return h("button", { type: "button", class: "chip", ariaPressed: String(isOn), onclick: choose }, t(`album.order.${order}`));
  }
}
