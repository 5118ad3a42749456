/** The rating of a photo by stars. */

import { request } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { announce } from "../core/photos.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { buildWayTo } from "../core/way-back.js";
import { isRateable } from "./sources.js";

const STARS = [1, 2, 3, 4, 5];

/** The user's own ratings by photo, as far as they are known. null means none. @type {Map<string, number | null>} */
const mine = new Map();
session.addEventListener("change", () => mine.clear());

/** @typedef {{average: number | null, count: number, mine: number | null}} OwnRating */

/**
 * Build the stars of a photo. A user rates by a click, and takes the rating back by a second click.
 * @param {Photo} photo
 * @param {(stars: number | null) => void} rate
 */
export function buildRating(photo, rate) {
  const words = h("span", { class: "quiet" }, describe(photo));
  if (!isRateable(photo)) return h("div", { class: "rating" }, average(photo), words);
  if (!session.userId) {
    return h("div", { class: "rating" }, average(photo), words, buildWayTo("sign-in", t("viewer.rate.sign-in")));
  }
  const group = h("div", { class: "stars", role: "group", ariaLabel: t("viewer.rate") });
  const element = h("div", { class: "rating" }, group, words);
  const show = () => fill(group, ...STARS.map((stars) => star(stars, mine.get(photo.photoId) ?? 0, rate)));
  show();
  // Without an own rating, the buttons stay. A tap gives no click if its button is replaced meanwhile.
  void learn(photo.photoId).then(() => mine.get(photo.photoId) && show(), () => {});
  return element;
}

/**
 * Rate a photo. null takes the rating back. All lists hear of the new average.
 * @param {Photo} photo @param {number | null} stars
 */
export async function ratePhoto(photo, stars) {
  const path = `photos/${photo.photoId}/rating`;
  /** @type {OwnRating} */
  const { average: mean, count, mine: own } = stars ? await request("PUT", path, { body: { rating: stars } }) : await request("DELETE", path);
  mine.set(photo.photoId, own);
  return { average: mean, count };
}

/** Tell all lists of a new rating. @param {Photo} photo @param {Photo["rating"]} rating */
export function announceRating(photo, rating) {
  announce("change", { ...photo, rating });
}

/** Learn the user's own rating. Without an answer, no star is on. @param {string} photoId */
async function learn(photoId) {
  if (mine.has(photoId)) return;
  const { userId } = session;
  /** @type {OwnRating} */
  const rating = await request("GET", `photos/${photoId}/rating`);
  // Meanwhile, the user may have rated the photo, or another user may have signed in.
  if (session.userId === userId && !mine.has(photoId)) mine.set(photoId, rating.mine);
}

/** @param {number} stars @param {number} own @param {(stars: number | null) => void} rate */
function star(stars, own, rate) {
  const isOwn = stars === own;
  const label = isOwn ? t("viewer.rate.remove", { count: stars }) : t("viewer.rate.stars", { count: stars });
  return h("button", { type: "button", class: stars <= own ? "star on" : "star", ariaLabel: label, title: label, ariaPressed: String(isOwn), onclick: () => rate(isOwn ? null : stars) }, icon("star"));
}

/** @param {Photo} photo */
function average({ rating }) {
  const filled = Math.round(rating.average ?? 0);
  return h("span", { class: "stars", ariaHidden: "true" }, ...STARS.map((stars) => h("span", { class: stars <= filled ? "star on" : "star" }, icon("star"))));
}

/** @param {Photo} photo */
function describe({ rating: { average: mean, count } }) {
  if (!count || mean === null) return t("viewer.rate.none");
  return t("viewer.rate.average", { average: Number(mean.toFixed(1)), count });
}
