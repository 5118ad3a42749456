/** The list of albums: one's own, and the public ones. */

import { openNewAlbum } from "../albums/album-form.js";
import { albumEvents } from "../albums/albums.js";
import { buildCard } from "../albums/card.js";
import { request } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { explain } from "../core/errors.js";
import { icon } from "../core/icons.js";
import { href, navigate } from "../core/router.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { buildEmpty } from "./empty.js";
import { loadStyle } from "../core/styles.js";

await loadStyle("albums");

const PAGE = 50;
const NEAR = "800px";

/** @param {string[]} _params @param {URLSearchParams} query @returns {Promise<View>} */
export async function open(_params, query) {
  await session.ready;
  const isOwn = Boolean(session.userId) && query.get("show") !== "public";
  const list = new AlbumList(isOwn);
  const add = session.userId && h("button", { type: "button", class: "button", onclick: create }, icon("add"), t("album.new"));
  const head = h("header", { class: "albums-head" }, h("h1", null, t("place.albums")), session.userId && chips(isOwn), add);
  return { title: t("place.albums"), element: h("div", { class: "albums" }, head, list.element), close: () => list.close() };
}

function create() {
  openNewAlbum((album) => navigate(`a/${album.albumId}`));
}

/** @param {boolean} isOwn */
function chips(isOwn) {
  const chip = (/** @type {string} */ path, /** @type {"albums.own" | "albums.public"} */ key, /** @type {boolean} */ isOn) => h("a", { class: "chip", href: href(path), "aria-current": isOn ? "true" : undefined }, t(key));
  return h("nav", { class: "chips", ariaLabel: t("albums.show") }, chip("a", "albums.own", isOwn), chip("a?show=public", "albums.public", !isOwn));
}

/** The cards. The next page loads when the end of the list comes near. */
class AlbumList {
  /** @type {string | null} */
  #lastKey = null;
  #isLoading = false;
  #abort = new AbortController();
  #cards = h("ul", { class: "album-cards" });
  #note = h("div", { class: "albums-note", role: "status" });
  #watcher = new IntersectionObserver(([entry]) => entry.isIntersecting && void this.#load(), { rootMargin: NEAR });

  /** @param {boolean} isOwn */
  constructor(isOwn) {
    this.isOwn = isOwn;
    this.element = h("div", null, this.#cards, this.#note);
    const { signal } = this.#abort;
    albumEvents.addEventListener("change", (event) => this.#replace(/** @type {CustomEvent} */ (event).detail.album), { signal });
    albumEvents.addEventListener("remove", (event) => this.#card(/** @type {CustomEvent} */ (event).detail.albumId)?.remove(), { signal });
    albumEvents.addEventListener("add", (event) => isOwn && this.#cards.prepend(buildCard(/** @type {CustomEvent} */ (event).detail.album, { isOwn })), { signal });
    this.#watcher.observe(this.#note);
  }

  close() {
    this.#abort.abort();
    this.#watcher.disconnect();
  }

  async #load() {
    if (this.#isLoading) return;
    this.#isLoading = true;
    /** @type {Record<string, string>} */
    const cursor = this.#lastKey ? { lastKey: this.#lastKey } : {};
    try {
      /** @type {PageOf<Album>} */
      const page = await request("GET", "albums", { query: { scope: this.isOwn ? "mine" : "public", limit: PAGE, ...cursor }, signal: this.#abort.signal });
      this.#append(page);
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#fail(error);
    }
    this.#isLoading = false;
  }

  /** @param {PageOf<Album>} page */
  #append({ items, lastKey }) {
    this.#cards.append(...items.filter(({ albumId }) => !this.#card(albumId)).map((album) => buildCard(album, this)));
    this.#lastKey = lastKey;
    this.#watcher.unobserve(this.#note);
    if (lastKey) this.#watcher.observe(this.#note);
    else fill(this.#note, !this.#cards.children.length && this.#empty());
  }

  #empty() {
    if (!this.isOwn) return buildEmpty({ title: t("albums.public.empty"), text: t("albums.public.empty.text") });
    return buildEmpty({ title: t("albums.empty"), text: t("albums.empty.text"), action: { label: t("album.new"), run: create } });
  }

  /** @param {unknown} error */
  #fail(error) {
    const retry = h("button", { type: "button", class: "button", onclick: () => { fill(this.#note); void this.#load(); } }, t("retry"));
    fill(this.#note, h("p", { class: "error" }, ...explain(error)), retry);
  }

  /** @param {Album} album */
  #replace(album) {
    this.#card(album.albumId)?.replaceWith(buildCard(album, this));
  }

  /** @param {string} albumId */
  #card(albumId) {
    return /** @type {HTMLElement[]} */ ([...this.#cards.children]).find((card) => card.dataset.albumId === albumId);
  }
}
