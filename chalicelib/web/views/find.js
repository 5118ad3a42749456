/** Photos by words, person, tag or date. */

import { openForm } from "../core/dialogs.js";
import { h } from "../core/dom.js";
import { formatDate } from "../core/format.js";
import { icon } from "../core/icons.js";
import { href, navigate } from "../core/router.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { buildField } from "../doors/door.js";
import { PhotoGrid } from "../grid/photo-grid.js";
import { PhotoList } from "../grid/photo-list.js";
import { Selection } from "../grid/selection.js";
import { attachToolbar } from "../selection/toolbar.js";
import { buildEmpty } from "./empty.js";
import { loadStyle } from "../core/styles.js";

await loadStyle("views");

/** The parameters of the address. @typedef {{q: string, scope: string, user: string, tag: string, from: string, to: string, order: string}} Filters */
const NAMES = /** @type {const} */ (["q", "scope", "user", "tag", "from", "to", "order"]);
/** A search has one order, by how well its photos match. */
const ORDERS = /** @type {const} */ (["newest", "oldest"]);

/** @param {string[]} _params @param {URLSearchParams} query @returns {Promise<View>} */
export async function open(_params, query) {
  const filters = readFilters(query);
  const isMine = filters.scope === "mine";
  if (isMine) await session.ready;
  const list = buildList(filters);
  const selection = isMine && session.userId ? new Selection() : null;
  const grid = new PhotoGrid({ list, selection, isOwn: isMine, label: t("find.label"), empty: () => empty(filters) });
  const detach = selection && attachToolbar(selection, { kind: "library", list });
  const head = h("header", { class: "list-head" }, h("h1", null, title(filters)), chips(filters), !filters.q && orderChips(filters));
  const close = () => {
    detach?.();
    grid.close();
  };
  return { title: title(filters), element: h("div", { class: "find" }, head, grid.element), list, close };
}

/** Return the filters of an address. Ignore days that do not exist. @param {URLSearchParams} query @returns {Filters} */
function readFilters(query) {
  const filters = /** @type {Filters} */ (Object.fromEntries(NAMES.map((name) => [name, query.get(name)?.trim() ?? ""])));
  for (const name of /** @type {const} */ (["from", "to"])) if (!isDay(filters[name])) filters[name] = "";
  if (filters.q || filters.order !== "oldest") filters.order = "";
  return filters;
}

/** @param {string} text */
function isDay(text) {
  return /^[1-9]\d{3}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
}

/** Words are searched by the service. Without words, it lists by person, tag and date. @param {Filters} filters */
function buildList({ q, scope, user, tag, from, to, order }) {
  const isMine = scope === "mine";
  const bounds = { ...(from && { from: startOf(from) }), ...(to && { to: startOf(to, 1) }) };
  if (!q) {
    const query = { order: order || "newest", scope: isMine ? "mine" : "public", ...(tag && { tag }), ...(user && !isMine && { userId: user }), ...bounds };
    return new PhotoList({ path: "photos", query, isPublic: !isMine });
  }
  const filter = (/** @type {Photo} */ photo) =>
    (!user || photo.userId === user) && (!tag || photo.tags.some((each) => each.toLowerCase() === tag.toLowerCase())) && (!bounds.from || photo.uploadedAt >= bounds.from) && (!bounds.to || photo.uploadedAt < bounds.to);
  return new PhotoList({ path: "search", query: { q, scope: isMine ? "mine" : "public" }, isPublic: !isMine, filter });
}

/** Return the start of a local day, or of a later one, as a moment in UTC. @param {string} day @param {number} [later] in days */
function startOf(day, later = 0) {
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}

/** @param {Filters} filters */
function title({ q, tag }) {
  if (q) return t("find.title", { words: q });
  return tag ? t("find.tag", { tag }) : t("search");
}

/** @param {Filters} filters */
function chips(filters) {
  const { user, tag } = filters;
  const person = user && removable(t("find.person"), { ...filters, user: "" });
  const more = h("button", { type: "button", class: "chip", onclick: () => openFilters(filters) }, icon("add"), t("find.filters"));
  return h("div", { class: "chips" }, scopeChip(filters), person, tag && removable(tag, { ...filters, tag: "" }), dateChip(filters), more);
}

/** @param {Filters} filters */
function orderChips(filters) {
  const links = ORDERS.map((name) => {
    const isOn = name === (filters.order || "newest");
    return h("a", { class: "chip", href: address({ ...filters, order: name === "newest" ? "" : name }), "aria-current": isOn ? "true" : undefined }, t(`order.${name}`));
  });
  return h("nav", { class: "chips", ariaLabel: t("order") }, ...links);
}

/** @param {Filters} filters */
function scopeChip(filters) {
  if (!session.userId || filters.user) return null;
  const isMine = filters.scope === "mine";
  return h("a", { class: "chip", href: address({ ...filters, scope: isMine ? "" : "mine" }), "aria-current": isMine ? "true" : undefined }, icon(isMine ? "check" : "library"), t("find.mine"));
}

/** @param {Filters} filters */
function dateChip(filters) {
  const [from, to] = [filters.from, filters.to].map((day) => (day ? formatDate(`${day}T12:00`) : ""));
  return (from || to) && removable(`${from} – ${to}`, { ...filters, from: "", to: "" });
}

/** @param {string} label @param {Filters} without the filters that remain */
function removable(label, without) {
  return h("span", { class: "chip", "aria-current": "true" }, label, h("a", { class: "chip-remove", href: address(without), ariaLabel: t("find.remove", { label }) }, icon("close")));
}

/** @param {Partial<Filters>} filters */
function address(filters) {
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value));
  return href(`find?${query}`);
}

/** @param {Filters} filters */
function openFilters(filters) {
  openForm({
    title: t("find.filters"),
    fields: [
      buildField("q", t("find.words"), { required: false, maxLength: 200, value: filters.q }),
      buildField("tag", t("find.tag.label"), { required: false, maxLength: 50, value: filters.tag }),
      buildField("from", t("find.from"), { required: false, type: "date", value: filters.from }),
      buildField("to", t("find.to"), { required: false, type: "date", value: filters.to }),
    ],
    yes: t("find.apply"),
    async submit(data) {
      const chosen = Object.fromEntries([...data].map(([name, value]) => [name, String(value).trim()]));
      await navigate(address({ ...filters, ...chosen }).slice(href("").length));
    },
  });
}

/** @param {Filters} filters */
function empty(filters) {
  const hasFilter = filters.user || filters.tag || filters.from || filters.to;
  const action = hasFilter && filters.q ? { label: t("find.clear"), path: `find?${new URLSearchParams({ q: filters.q })}` } : { label: t("place.explore"), path: "" };
  return buildEmpty({ title: filters.q ? t("find.nothing", { words: filters.q }) : t("find.none"), text: t("find.nothing.text"), action, other: otherScope(filters) });
}

/** Offer the same search among all photos or one's own. The answer about the session may come later. @param {Filters} filters */
function otherScope(filters) {
  const isMine = filters.scope === "mine";
  const link = h("a", { class: "button", hidden: true, href: address({ ...filters, scope: isMine ? "" : "mine" }) }, t(isMine ? "find.all" : "find.own"));
  void session.ready.then(() => { link.hidden = !session.userId || Boolean(filters.user); });
  return link;
}
