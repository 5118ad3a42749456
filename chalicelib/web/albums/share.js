/** The dialog of an album's share links: create one, copy it, and revoke old ones. */

import { request } from "../core/api.js";
import { Creation } from "../core/creation.js";
import { copyText } from "../core/clipboard.js";
import { confirmed, openDialog } from "../core/dialogs.js";
import { fill, h } from "../core/dom.js";
import { explain } from "../core/errors.js";
import { formatDate, formatTime } from "../core/format.js";
import { icon } from "../core/icons.js";
import { wrapSelect } from "../core/select.js";
import { t } from "../core/texts.js";
import { say } from "../core/toast.js";

const DAY = 86_400_000;
const DAYS = [0, 1, 7, 30];
const USUAL_DAYS = 30;

/** @param {Album} album @param {HTMLElement} button */
export function openShare(album, button) {
  const links = new Links(album);
  const dialog = openDialog({ title: t("share.title"), name: "share", content: [h("p", null, t("share.intro")), buildForm((body) => links.create(body)), links.news, links.element] });
  dialog.style.setProperty("--from", `${Math.round(button.getBoundingClientRect().bottom)}px`);
  void links.load();
}

/** The links of an album, and the one that was just created. */
class Links {
  #creation = new Creation();
  news = h("div", { class: "share-new", role: "status" });
  element = h("ul", { class: "share-links", ariaLabel: t("share.links") });

  /** @param {Album} album */
  constructor({ albumId }) {
    this.path = `albums/${albumId}/links`;
  }

  async load() {
    try {
      /** @type {PageOf<ShareLink>} */
      const { items } = await request("GET", this.path, { query: { limit: 100 } });
      fill(this.element, items.reverse().map((link) => buildLink(link, () => void this.#revoke(link))));
    } catch (error) {
      fill(this.element, h("li", { class: "error" }, ...explain(error)));
    }
  }

  /** @param {Record<string, unknown>} body */
  async create(body) {
    /** @type {Promise<ShareLink>} */
    const creation = this.#creation.send(this.path, body);
    const isCopied = await copyText(creation.then((link) => link.url ?? ""));
    this.#announce(await creation, isCopied);
    await this.load();
  }

  /** @param {ShareLink} link */
  async #revoke({ linkId }) {
    if (!(await confirmed({ title: t("share.revoke.title"), text: t("share.revoke.text"), yes: t("share.revoke") }))) return;
    try {
      await request("DELETE", `${this.path}/${linkId}`);
      if (this.news.dataset.linkId === linkId) fill(this.news);
      say(t("share.revoked"));
    } catch (error) {
      say(explain(error));
    }
    await this.load();
  }

  /** Show the URL of a new link. No later answer has it. @param {ShareLink} link @param {boolean} isCopied */
  #announce({ url = "", linkId }, isCopied) {
    this.news.dataset.linkId = linkId;
    const address = h("input", { readOnly: true, value: url, ariaLabel: t("share.link"), onfocus: () => address.select() });
    const copy = h("button", { type: "button", class: "icon-button", ariaLabel: t("share.copy"), title: t("share.copy") }, icon("copy"));
    copy.addEventListener("click", async () => say((await copyText(url)) ? t("share.copied") : t("share.copy.failed")));
    fill(this.news, h("p", null, icon("check"), t(isCopied ? "share.created.copied" : "share.created")), h("div", { class: "share-address" }, address, copy));
  }
}

/** @param {(body: Record<string, unknown>) => Promise<void>} create */
function buildForm(create) {
  const tomorrow = new Date(Date.now() + DAY);
  const date = h("input", { type: "date", name: "date", min: toDay(tomorrow), value: toDay(new Date(Date.now() + 14 * DAY)), max: "9998-12-31", required: true, disabled: true });
  const day = h("label", { class: "field", hidden: true }, t("share.ends.day"), date);
  const options = DAYS.map((days) => h("option", { value: String(days), selected: days === USUAL_DAYS }, days ? t("share.ends.days", { count: days }) : t("share.ends.never")));
  const ends = h("select", { name: "ends", onchange: chooseEnd }, options, h("option", { value: "day" }, t("share.ends.date")));
  const password = h("input", { name: "password", maxLength: 256, autocomplete: "off", autocapitalize: "off", spellcheck: false });
  const fault = h("p", { class: "error", role: "alert" });
  const save = h("button", { class: "button primary" }, icon("link"), t("share.create"));
  const fields = h("div", { class: "field-row" }, h("label", { class: "field" }, t("share.ends"), wrapSelect(ends)), h("label", { class: "field" }, h("span", null, t("share.password"), " ", h("span", { class: "hint" }, t("optional"))), password));
  return h("form", { class: "fields", onsubmit: submit }, fields, day, fault, save);

  function chooseEnd() {
    day.hidden = date.disabled = ends.value !== "day";
  }

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (save.disabled) return;
    save.disabled = true;
    fill(fault);
    try {
      await create({ expiresAt: endOf(ends.value, date.value), ...(password.value ? { password: password.value } : {}) });
      password.value = "";
    } catch (error) {
      fill(fault, ...explain(error));
    } finally {
      save.disabled = false;
    }
  }
}

/** @param {ShareLink} link @param {() => void} revoke */
function buildLink({ createdAt, expiresAt, hasPassword }, revoke) {
  const isOver = expiresAt !== null && new Date(expiresAt) <= new Date();
  const end = !expiresAt ? t("share.no-end") : t(isOver ? "share.ended" : "share.ends.on", { date: formatDate(expiresAt) });
  const name = t("share.created.on", { date: formatTime(createdAt) });
  const text = h("span", null, name, h("small", null, `${t(hasPassword ? "share.has-password" : "share.no-password")} · ${end}`));
  const button = h("button", { type: "button", class: "button danger", ariaLabel: `${t("share.revoke")}: ${name}`, onclick: revoke }, t("share.revoke"));
  return h("li", { class: isOver ? "over" : "" }, icon(hasPassword ? "lock" : "link"), text, button);
}

/** Return the end of a link, or null. A date ends with its day, in the time zone of the device. @param {string} choice @param {string} date */
function endOf(choice, date) {
  if (choice === "day") return new Date(`${date}T23:59:59`).toISOString();
  return choice === "0" ? null : new Date(Date.now() + Number(choice) * DAY).toISOString();
}

/** Return the date of the device's time zone for a date field. @param {Date} time */
function toDay(time) {
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}
