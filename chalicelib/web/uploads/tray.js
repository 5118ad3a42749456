/** The tray at the foot of the page: one total, and each upload if it is unfolded. It never moves the views. */

import { fill, h } from "../core/dom.js";
import { confirmed } from "../core/dialogs.js";
import { formatBytes } from "../core/format.js";
import { icon } from "../core/icons.js";
import { changePhoto } from "../core/photos.js";
import { currentPath, focusView, navigate, reload } from "../core/router.js";
import { explain } from "../core/errors.js";
import { t } from "../core/texts.js";
import { say } from "../core/toast.js";
import { buildWayTo } from "../core/way-back.js";
import { Pace } from "./pace.js";
import { isOpen, isRetryable, sumUp } from "./queue.js";
import { Thumbnails } from "./thumbnails.js";
import { TrayRow } from "./tray-row.js";
import { describeDuplicates, describeEnd, describeTime, describeWait } from "./tray-words.js";

const REPORT_EVERY = 100;

/** @typedef {import("./queue.js").Upload} Upload */

export class Tray {
  #heading = h("h2", { tabIndex: -1 });
  #facts = h("p", { class: "quiet" });
  #news = h("p", { class: "unseen", role: "status" });
  #pause = this.#button("pause", () => (this.#sender.isPaused ? this.#sender.unpause() : this.#sender.pause()));
  #fold = this.#button("up", () => this.#unfold(!this.#isUnfolded));
  #close = this.#button("close", () => this.#sender.dismiss());
  #show = h("button", { type: "button", class: "button plain tray-show", onclick: () => void this.#showPhotos() }, t("tray.show"));
  #signIn = buildWayTo("sign-in", t("sign-in"), { class: "button primary" });
  #bar = h("progress", { max: 1, ariaLabel: t("tray.progress") });
  #failures = h("div", { class: "tray-strip danger", hidden: true });
  #visible = h("div", { class: "tray-strip", hidden: true });
  #list = h("ul", { class: "tray-list" });
  #cancelAll = h("button", { type: "button", class: "button plain", onclick: () => void this.#cancel() }, t("tray.cancel"));
  #more = h("button", { type: "button", class: "button plain" }, icon("add"), t("upload.add"));
  #detail = h("div", { class: "tray-detail", hidden: true }, this.#list, h("p", { class: "actions" }, this.#more, this.#cancelAll));
  #element = h("section", { class: "tray", ariaLabel: t("tray"), hidden: true });
  /** @type {Map<string, TrayRow>} */
  #rows = new Map();
  #thumbnails = new Thumbnails();
  #pace = new Pace();
  #isUnfolded = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #state = "";
  #sender;

  /** @param {import("./sender.js").Sender} sender @param {() => void} pick */
  constructor(sender, pick) {
    this.#sender = sender;
    this.#more.addEventListener("click", pick);
    this.#fold.ariaExpanded = "false";
    const head = h("header", null, h("div", null, this.#heading, this.#facts), this.#show, this.#signIn, this.#pause, this.#fold, this.#close);
    fill(this.#element, head, this.#bar, this.#detail, this.#visible, this.#failures, this.#news);
    document.body.append(this.#element);
    sender.addEventListener("change", () => { this.#timer ??= setTimeout(() => this.#render(), REPORT_EVERY); });
    for (const type of ["online", "offline"]) addEventListener(type, () => this.#render());
    new ResizeObserver(() => document.documentElement.style.setProperty("--tray", `${this.#element.offsetHeight}px`)).observe(this.#element);
  }

  /** @param {import("../core/icons.js").IconName} name @param {() => void} run */
  #button(name, run) {
    return h("button", { type: "button", class: "icon-button", onclick: run }, icon(name));
  }

  #render() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { uploads } = this.#sender;
    const hadFocus = this.#element.contains(document.activeElement);
    this.#element.hidden = !uploads.length;
    if (!uploads.length) this.#reset();
    else this.#renderTotal();
    if (this.#isUnfolded) this.#renderRows();
    // A button that disappears would drop the focus to the start of the page.
    if (hadFocus && uploads.length && !this.#element.contains(document.activeElement)) this.#heading.focus();
  }

  #reset() {
    this.#unfold(false);
    this.#rows.forEach((row) => row.element.remove());
    this.#rows.clear();
    this.#state = "";
    this.#pace.restart();
  }

  #renderTotal() {
    const { uploads } = this.#sender;
    const sum = sumUp(uploads);
    const isDone = sum.settled === sum.count;
    const wait = isDone ? "" : describeWait(this.#sender);
    if (wait) this.#pace.restart();
    else this.#pace.note(sum.sentBytes, Date.now());
    this.#heading.textContent = isDone ? describeEnd(sum) : t("tray.heading", { number: sum.settled + 1, count: sum.count });
    this.#facts.textContent = isDone ? describeDuplicates(sum) : wait || this.#describeBytes(sum);
    this.#bar.value = sum.bytes ? sum.sentBytes / sum.bytes : 1;
    this.#renderControls(isDone, sum.ready > 0);
    this.#renderFailures(sum);
    this.#renderVisible(uploads.filter(({ shownTo }) => shownTo));
    this.#announce(isDone ? `${this.#heading.textContent} ${this.#facts.textContent}`.trim() : wait);
  }

  /** @param {boolean} isDone @param {boolean} hasPhotos */
  #renderControls(isDone, hasPhotos) {
    const { isPaused, isSignedOut } = this.#sender;
    this.#label(this.#pause, isPaused ? "play" : "pause", t(isPaused ? "tray.unpause" : "tray.pause"));
    this.#label(this.#fold, this.#isUnfolded ? "down" : "up", t(this.#isUnfolded ? "tray.fold" : "tray.unfold"));
    this.#label(this.#close, "close", t("close"));
    this.#bar.hidden = this.#cancelAll.hidden = isDone;
    this.#pause.hidden = isDone || isSignedOut;
    this.#close.hidden = !isDone;
    this.#show.hidden = !isDone || !hasPhotos;
    this.#signIn.hidden = isDone || !isSignedOut;
  }

  /** @param {import("./queue.js").Sum} sum */
  #describeBytes({ sentBytes, bytes }) {
    const sent = t("tray.bytes", { sent: formatBytes(sentBytes), all: formatBytes(bytes) });
    const seconds = this.#pace.secondsLeft(bytes - sentBytes);
    return seconds === null || sentBytes === bytes ? sent : `${sent}, ${describeTime(seconds)}`;
  }

  /** @param {import("./queue.js").Sum} sum */
  #renderFailures({ failed, retryable }) {
    const key = `${failed}/${retryable}/${this.#isUnfolded}`;
    if (this.#failures.dataset.key === key) return;
    this.#failures.dataset.key = key;
    this.#failures.hidden = !failed;
    const why = h("button", { type: "button", class: "button plain", onclick: () => this.#unfold(true) }, t("tray.why"));
    const retry = h("button", { type: "button", class: "button plain", onclick: () => this.#sender.retryAll() }, icon("retry"), t(retryable > 1 ? "tray.retry.all" : "tray.retry"));
    fill(this.#failures, icon("error"), h("p", null, t("tray.failed", { count: failed })), !this.#isUnfolded && why, retryable > 0 && retry);
  }

  /** Say which photos were in the library already, with a wider visibility than the user chose. @param {Upload[]} uploads */
  #renderVisible(uploads) {
    const key = uploads.map(({ id }) => id).join();
    if (this.#visible.dataset.key === key) return;
    this.#visible.dataset.key = key;
    this.#visible.hidden = !uploads.length;
    if (!uploads.length) return;
    const [{ shownTo, choices, name }] = uploads;
    const count = uploads.length;
    const isSame = uploads.every((upload) => upload.shownTo === shownTo && upload.choices.visibility === choices.visibility);
    const text = isSame ? t(shownTo === "public" ? "tray.shown.public" : "tray.shown.unlisted", { count, name }) : t("tray.shown.more", { count, name });
    const label = isSame ? t(choices.visibility === "private" ? "tray.hide.private" : "tray.hide.unlisted") : t("tray.hide");
    const hide = h("button", { type: "button", class: "button plain", onclick: () => void this.#hide(uploads) }, label);
    fill(this.#visible, icon("eye"), h("p", null, text), hide);
    this.#announce(text);
  }

  /** @param {Upload[]} uploads */
  async #hide(uploads) {
    try {
      for (const upload of uploads) {
        await changePhoto(upload.photoId ?? "", { visibility: upload.choices.visibility });
        this.#sender.note(upload, { shownTo: null });
      }
      say(t("tray.hidden", { count: uploads.length }));
    } catch (error) {
      say(explain(error));
    }
  }

  #renderRows() {
    const { uploads } = this.#sender;
    const ids = new Set(uploads.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    for (const upload of uploads) {
      if (!this.#rows.has(upload.id)) this.#addRow(upload);
      const row = /** @type {TrayRow} */ (this.#rows.get(upload.id));
      // Failures come first, because they need something from the user.
      if (row.render() && upload.state === "failed") this.#list.prepend(row.element);
    }
  }

  /** @param {Upload} upload */
  #addRow(upload) {
    const thumbnail = this.#thumbnails.build(() => this.#sender.readFile(upload));
    const row = new TrayRow(upload, { thumbnail, retry: () => this.#sender.retry(upload), cancel: () => this.#sender.cancel([upload]) });
    this.#rows.set(upload.id, row);
    this.#list.append(row.element);
  }

  /** @param {boolean} isUnfolded */
  #unfold(isUnfolded) {
    if (this.#isUnfolded === isUnfolded) return;
    this.#isUnfolded = isUnfolded;
    this.#detail.hidden = !isUnfolded;
    this.#fold.ariaExpanded = String(isUnfolded);
    if (isUnfolded) this.#list.scrollTop = 0;
    if (this.#sender.uploads.length) this.#render();
  }

  async #cancel() {
    const open = this.#sender.uploads.filter(isOpen);
    const isSure = await confirmed({ title: t("tray.cancel.title", { count: open.length }), text: t("tray.cancel.text"), yes: t("tray.cancel.yes"), no: t("tray.cancel.no") });
    if (isSure) this.#sender.cancel(this.#sender.uploads.filter((upload) => isOpen(upload) || isRetryable(upload)));
  }

  async #showPhotos() {
    const albums = new Set(this.#sender.uploads.map(({ choices }) => choices.albumId));
    const [albumId] = albums;
    const path = albums.size === 1 && albumId ? `a/${albumId}` : "library?order=newest";
    this.#sender.dismiss();
    if (currentPath() + location.search === path) await reload();
    else await navigate(path);
    focusView();
  }

  /** @param {HTMLElement} button @param {import("../core/icons.js").IconName} name @param {string} label */
  #label(button, name, label) {
    if (button.title === label) return;
    button.title = button.ariaLabel = label;
    fill(button, icon(name));
  }

  /** Tell screen readers what has changed, but not each step. @param {string} text */
  #announce(text) {
    if (text === this.#state) return;
    this.#state = text;
    this.#news.textContent = text;
  }
}
