/** Albums: requests, the events of their changes, and how they are described. */

import { request } from "../core/api.js";
import { Creation } from "../core/creation.js";
import { language, t } from "../core/texts.js";
import { formatYears } from "./years.js";

/** The orders of an album's photos. */
export const ORDERS = /** @type {const} */ (["position", "taken", "random"]);

/**
 * Dispatches `add` and `change` ({album}), `remove` ({albumId}), and `photos` ({albumId, added, removed}) when photos
 * were added to an album or taken out. `added` holds photos, `removed` holds ids.
 */
export const albumEvents = new EventTarget();

/** @param {"add" | "change" | "remove" | "photos"} type @param {Record<string, unknown>} detail */
export function announceAlbum(type, detail) {
  albumEvents.dispatchEvent(new CustomEvent(type, { detail }));
}

/** @param {string} albumId @returns {Promise<Album>} */
export function fetchAlbum(albumId) {
  return request("GET", `albums/${albumId}`);
}

const creation = new Creation();

/** @param {Record<string, unknown>} fields @returns {Promise<Album>} */
export async function createAlbum(fields) {
  const album = await creation.send("albums", fields);
  announceAlbum("add", { album });
  return album;
}

/** @param {string} albumId @param {Record<string, unknown>} changes @returns {Promise<Album>} */
export async function changeAlbum(albumId, changes) {
  const album = await request("PATCH", `albums/${albumId}`, { body: changes });
  announceAlbum("change", { album });
  return album;
}

/** @param {string} albumId @param {"keep" | "delete"} photos */
export async function deleteAlbum(albumId, photos) {
  await request("DELETE", `albums/${albumId}`, { query: { photos } });
  announceAlbum("remove", { albumId });
}

/** Return all of one's own albums, newest first. @param {AbortSignal} [signal] @returns {Promise<Album[]>} */
export async function fetchOwnAlbums(signal) {
  /** @type {Album[]} */
  const albums = [];
  /** @type {string | null} */
  let lastKey = null;
  do {
    /** @type {PageOf<Album>} */
    const page = await request("GET", "albums", { query: { scope: "mine", limit: 100, ...(lastKey ? { lastKey } : {}) }, signal });
    albums.push(...page.items);
    lastKey = page.lastKey;
  } while (lastKey);
  return albums;
}

/** Return the place of an album, such as "Italy, Europe". @param {Album} album */
export function placeOf({ country, continent }) {
  return [country, continent].filter(Boolean).join(", ");
}

/** Return the facts of an album for a line of text. @param {Album} album */
export function factsOf(album) {
  return [placeOf(album), formatYears(album.years, t("album.years.to")), t("photos.count", { count: album.photoCount })].filter(Boolean);
}

/** Return whether an album has all words of a search. @param {Album} album @param {string} words */
export function matches(album, words) {
  const text = [album.name, album.country, album.continent, ...album.years].join(" ").toLocaleLowerCase(language);
  return words.toLocaleLowerCase(language).split(/\s+/).every((word) => text.includes(word));
}
