/** The sheet before sending: choices for all photos, and titles and choices for each. */

import { fill, h } from "../core/dom.js";
import { confirmed, openDialog } from "../core/dialogs.js";
import { explain } from "../core/errors.js";
import { formatBytes } from "../core/format.js";
import { icon } from "../core/icons.js";
import { currentView } from "../core/router.js";
import { t } from "../core/texts.js";
import { buildVisibilityField } from "../core/visibility-field.js";
import { AlbumChoice, buildTags, recallVisibility, rememberVisibility } from "./choices.js";
import { buildSheetRow } from "./sheet-row.js";
import { Thumbnails } from "./thumbnails.js";

/** @typedef {import("./sheet-row.js").Item} Item */
/** @typedef {{photos: File[], others: number, large: number, from: string}} Found */

const MAX_TAGS = 32;

/** The open sheet of an account. */
export class Sheet {
  /** @type {Map<Item, ReturnType<typeof buildSheetRow>>} */
  #rows = new Map();
  #thumbnails = new Thumbnails();
  #album = new AlbumChoice(currentView()?.album);
  #tags = buildTags();
  #list = h("ul", { class: "sheet-list" });
  #summary = h("p", { class: "quiet" });
  #leftOut = h("p", { class: "quiet", role: "status" });
  #fault = h("p", { class: "error", role: "alert" });
  #send = h("button", { class: "button primary" });
  #others = 0;
  #large = 0;
  #from = "";
  /** @type {Visibility} */
  #visibility;
  #userId;
  #options;
  #dialog;

  /**
   * @param {string} userId
   * @param {{pick: () => void, send: (userId: string, items: {file: File, choices: import("./queue.js").Choices}[]) => void, onClose: () => void}} options
   */
  constructor(userId, options) {
    this.#userId = userId;
    this.#options = options;
    this.#visibility = recallVisibility(userId);
    this.#dialog = openDialog({ title: t("upload"), name: "sheet", content: [this.#form()], onClose: () => this.#close(), mayLeave: () => this.#mayLeave() });
    this.#dialog.querySelector("h2")?.after(this.#summary);
    addEventListener("beforeunload", this.#warn);
  }

  /** Add photos, for example when more are dropped on the open sheet. @param {Found} found */
  add({ photos, others, large, from }) {
    this.#others += others;
    this.#large += large;
    this.#from = this.#rows.size ? "" : from;
    const known = new Set([...this.#rows.keys()].map(({ file }) => identify(file)));
    for (const file of photos) if (!known.has(identify(file))) this.#addRow(file);
    this.#show();
  }

  #form() {
    const more = h("button", { type: "button", class: "button plain", onclick: () => this.#options.pick() }, icon("add"), t("upload.add"));
    const forAll = h("div", { class: "sheet-all" }, buildVisibilityField(this.#visibility, { onChange: (value) => this.#choose(value) }), this.#album.element, this.#tags.element);
    const forEach = h("section", { class: "sheet-each", ariaLabel: t("upload.titles") }, h("p", { class: "sheet-titles" }, h("span", { class: "quiet" }, t("upload.titles")), more), this.#list);
    const cancel = h("button", { type: "button", class: "button plain", onclick: () => void this.#leave() }, t("cancel"));
    const foot = h("footer", null, h("div", null, this.#leftOut, this.#fault), h("p", { class: "actions" }, cancel, this.#send));
    return h("form", { onsubmit: (/** @type {Event} */ event) => void this.#submit(event) }, h("div", { class: "sheet-body" }, forAll, forEach), foot);
  }

  /** @param {File} file */
  #addRow(file) {
    const item = { file, title: "", visibility: null, tags: [] };
    const thumbnail = this.#thumbnails.build(async () => file);
    const row = buildSheetRow(item, { thumbnail, common: () => this.#visibility, remove: () => this.#remove(item) });
    this.#rows.set(item, row);
    this.#list.append(row.element);
  }

  /** @param {Item} item */
  #remove(item) {
    const row = this.#rows.get(item)?.element;
    const next = row?.nextElementSibling ?? row?.previousElementSibling;
    row?.remove();
    this.#rows.delete(item);
    if (!this.#rows.size) return this.#dialog.close();
    /** @type {HTMLElement | null | undefined} */ (next?.querySelector(".icon-button"))?.focus();
    this.#show();
  }

  /** @param {Visibility} visibility */
  #choose(visibility) {
    this.#visibility = visibility;
    for (const row of this.#rows.values()) row.show();
  }

  #show() {
    const count = this.#rows.size;
    const bytes = formatBytes([...this.#rows.keys()].reduce((sum, { file }) => sum + file.size, 0));
    const heading = this.#dialog.querySelector("h2");
    if (heading) heading.textContent = t("upload.heading", { count });
    this.#summary.textContent = this.#from ? t("upload.from", { size: bytes, folder: this.#from }) : bytes;
    fill(this.#send, icon("upload"), t("upload.heading", { count }));
    fill(this.#leftOut, describeLeftOut(this.#others, this.#large));
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    if (this.#send.disabled) return;
    this.#send.disabled = true;
    this.#fault.replaceChildren();
    try {
      const albumId = await this.#album.settle(this.#visibility, this.#userId);
      rememberVisibility(this.#userId, this.#visibility);
      this.#options.send(this.#userId, [...this.#rows.keys()].map((item) => this.#finish(item, albumId)));
      this.#dialog.close();
    } catch (error) {
      this.#fault.replaceChildren(...explain(error));
    } finally {
      this.#send.disabled = false;
    }
  }

  /** @param {Item} item @param {string | null} albumId */
  #finish({ file, title, visibility, tags }, albumId) {
    const all = [...new Set([...tags, ...this.#tags.field.tags])].slice(0, MAX_TAGS);
    return { file, choices: { title: title.trim(), tags: all, visibility: visibility ?? this.#visibility, albumId } };
  }

  /** Ask before typed text is lost. */
  #mayLeave() {
    const isTouched = this.#tags.field.tags.length > 0 || [...this.#rows.keys()].some(({ title, tags }) => title || tags.length);
    return !isTouched || confirmed({ title: t("upload.discard"), text: t("upload.discard.text"), yes: t("upload.discard.yes"), no: t("upload.discard.no") });
  }

  async #leave() {
    if (await this.#mayLeave()) this.#dialog.close();
  }

  #close() {
    this.#thumbnails.close();
    removeEventListener("beforeunload", this.#warn);
    this.#options.onClose();
  }

  /** The choices are not stored before the photos are sent. @param {Event} event */
  #warn = (event) => event.preventDefault();
}

/** Say how many files are not uploaded, and why. @param {number} others @param {number} large */
export function describeLeftOut(others, large) {
  return [others && t("upload.others", { count: others }), large && t("upload.large", { count: large })].filter(Boolean).join(" ");
}

/** @param {File} file */
function identify({ name, size, lastModified, webkitRelativePath }) {
  return [webkitRelativePath, name, size, lastModified].join("/");
}
