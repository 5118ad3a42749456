/** One album: its head, and its photos. The owner also changes it here. */

import { addToAlbum, takeOut } from "../albums/additions.js";
import { albumEvents, fetchAlbum, ORDERS } from "../albums/albums.js";
import { Arranging } from "../albums/arrange.js";
import { CoverChoice } from "../albums/cover.js";
import { buildHero } from "../albums/hero.js";
import { openAlbumMenu, setCover } from "../albums/menu.js";
import { openPhotoPicker } from "../albums/photo-picker.js";
import { openShare } from "../albums/share.js";
import { h } from "../core/dom.js";
import { explain } from "../core/errors.js";
import { ApiError } from "../core/http.js";
import { icon } from "../core/icons.js";
import { photoEvents } from "../core/photos.js";
import { href, navigate, routerEvents } from "../core/router.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { wayTo } from "../core/way-back.js";
import { say } from "../core/toast.js";
import { PhotoGrid } from "../grid/photo-grid.js";
import { PhotoList } from "../grid/photo-list.js";
import { Selection } from "../grid/selection.js";
import { attachToolbar } from "../selection/toolbar.js";
import { buildEmpty } from "./empty.js";
import { loadStyle } from "../core/styles.js";

await loadStyle("albums");

/** @param {string[]} params @param {URLSearchParams} query @returns {Promise<View>} */
export async function open([albumId], query) {
  try {
    const page = new AlbumPage(await fetchAlbum(albumId), query);
    return page.view;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return missing();
    throw error;
  }
}

/** A private album is not found without a session. @returns {View} */
function missing() {
  const signIn = { label: t("sign-in"), path: wayTo("sign-in") };
  const element = buildEmpty({ isView: true, title: t("album.missing"), text: t(session.userId ? "album.missing.text" : "album.missing.signed-out"), action: session.userId ? { label: t("place.albums"), path: "a" } : signIn });
  return { title: t("album.missing"), element };
}

class AlbumPage {
  #abort = new AbortController();
  #hero;
  #stopWatching = () => {};
  /** @type {Arranging | null} */
  #arranging = null;
  /** @type {CoverChoice | null} */
  #cover = null;

  /** @param {Album} album @param {URLSearchParams} query */
  constructor(album, query) {
    this.album = album;
    this.isOwn = album.userId === session.userId;
    this.order = ORDERS.find((order) => order === query.get("order")) ?? "position";
    this.#hero = buildHero({ isOwn: this.isOwn, actions: this.isOwn ? this.#actions() : [], onExpired: () => void this.#refresh() });
    this.list = new PhotoList({ path: `albums/${album.albumId}/photos`, query: { order: this.order } });
    this.selection = this.isOwn ? new Selection() : null;
    this.grid = new PhotoGrid({ list: this.list, selection: this.selection, isOwn: this.isOwn, label: t("album.label"), empty: () => this.#empty() });
    this.element = h("div", { class: "album" }, ...this.#hero.elements, this.#chips(), this.grid.element);
    this.#hero.show(album);
    this.#listen();
    if (this.selection) this.#stopWatching = attachToolbar(this.selection, { kind: "library", extra: this.#selectionActions(), list: this.list });
    if (this.isOwn && query.has("arrange")) void this.#arrange();
  }

  /** @returns {View} */
  get view() {
    const { album, element, list, isOwn } = this;
    return { title: album.name, element, list, album: isOwn ? album : undefined, close: () => this.#close() };
  }

  #listen() {
    const { signal } = this.#abort;
    const { albumId } = this.album;
    this.list.addEventListener("change", () => this.#hero.sharpen(this.list.items), { signal });
    photoEvents.addEventListener("remove", () => void this.#refresh(), { signal });
    // The view is kept for the way back, but its toolbar must not stay over another view.
    routerEvents.addEventListener("change", () => this.element.isConnected || this.#endModes(), { signal });
    albumEvents.addEventListener("change", (event) => {
      const { album } = /** @type {CustomEvent} */ (event).detail;
      if (album.albumId === albumId) this.#show(album);
    }, { signal });
    albumEvents.addEventListener("photos", (event) => {
      const { detail } = /** @type {CustomEvent} */ (event);
      if (detail.albumId === albumId) this.#update(detail);
    }, { signal });
  }

  /** Show which photos were added or taken out. @param {{added: Photo[], removed: string[], isUndo?: boolean}} detail */
  #update({ added, removed, isUndo = false }) {
    this.selection?.remove(removed);
    this.list.drop(removed);
    // Photos that are put back have their old places, which only the service knows.
    if (isUndo || (added.length && this.order !== "position")) void navigate(location.href.slice(href("").length), { isReplacement: true });
    else if (added.length && this.list.hasEnded) this.list.arrange([...this.list.items, ...added]);
    void this.#refresh();
  }

  async #refresh() {
    try {
      this.#show(await fetchAlbum(this.album.albumId));
    } catch (error) {
      if (!this.#abort.signal.aborted) say(explain(error));
    }
  }

  /** @param {Album} album */
  #show(album) {
    this.album = album;
    this.#hero.show(album);
    this.#hero.sharpen(this.list.items);
  }

  #actions() {
    const add = h("button", { type: "button", class: "button on-photo", onclick: () => this.#add() }, icon("add"), t("album.add"));
    const share = h("button", { type: "button", class: "button on-photo light", ariaHasPopup: "dialog", onclick: () => openShare(this.album, share) }, icon("share"), t("share"));
    const more = h("button", { type: "button", class: "icon-button on-photo", ariaLabel: t("more"), title: t("more"), ariaHasPopup: "menu" }, icon("more"));
    more.addEventListener("click", () => openAlbumMenu(more, this.album, { arrange: () => void this.#arrange(), chooseCover: () => void this.#chooseCover() }));
    return [add, share, more];
  }

  /** @returns {import("../selection/toolbar.js").Action[]} */
  #selectionActions() {
    return [
      { label: t("album.remove"), icon: "minus", run: (photos) => takeOut(this.album.albumId, photos) },
      { label: t("album.cover.set.action"), icon: "library", run: ([photo]) => setCover(this.album, photo.photoId) },
    ];
  }

  #add() {
    const isKnown = (/** @type {string} */ photoId) => Boolean(this.list.find(photoId));
    openPhotoPicker({ name: this.album.name, isKnown, add: (photos) => void addToAlbum(this.album, photos, { isShown: true }) });
  }

  async #arrange() {
    if (this.order !== "position") return void navigate(`a/${this.album.albumId}?arrange`, { isReplacement: true });
    if (!this.list.items.length) await this.list.load();
    if (this.list.items.length < 2) return say(t("arrange.few"));
    this.#cover?.end();
    this.#arranging ??= new Arranging(this.album.albumId, this.grid, this.list, () => { this.#arranging = null; });
    return undefined;
  }

  async #chooseCover() {
    if (!this.list.items.length) await this.list.load();
    if (!this.list.items.length) return say(t("arrange.few"));
    this.#endModes();
    this.#cover = new CoverChoice(this.grid, (photoId) => void setCover(this.album, photoId));
    return undefined;
  }

  #endModes() {
    this.#arranging?.end();
    this.#cover?.end();
  }

  #chips() {
    const links = ORDERS.map((order) => {
      const query = order === "position" ? "" : `?order=${order}`;
      return h("a", { class: "chip", href: href(`a/${this.album.albumId}${query}`), "aria-current": order === this.order ? "true" : undefined }, t(`album.order.${order}`));
    });
    return h("nav", { class: "chips", ariaLabel: t("order") }, ...links);
  }

  #empty() {
    const action = this.isOwn ? { label: t("album.add"), run: () => this.#add() } : undefined;
    return buildEmpty({ title: t("album.empty"), text: this.isOwn ? t("album.empty.text") : "", action });
  }

  #close() {
    this.#endModes();
    this.#stopWatching();
    this.#abort.abort();
    this.grid.close();
  }
}
