/** An album in a list of albums. */

import { h } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { href } from "../core/router.js";
import { t } from "../core/texts.js";
import { placeOf } from "./albums.js";
import { formatYears } from "./years.js";

/** @param {Album} album @param {{isOwn: boolean}} options */
export function buildCard(album, { isOwn }) {
  const facts = [t("photos.count", { count: album.photoCount }), formatYears(album.years, t("album.years.to"))].filter(Boolean).join(" · ");
  const lock = isOwn && album.visibility !== "public" && h("span", { class: "badge", role: "img", ariaLabel: t(`visibility.${album.visibility}`), title: t(`visibility.${album.visibility}`) }, icon(album.visibility === "private" ? "lock" : "link"));
  const link = h("a", { href: href(`a/${album.albumId}`) }, buildCover(album, lock), h("h2", null, album.name), h("p", { class: "quiet" }, facts), placeOf(album) && h("p", { class: "quiet" }, placeOf(album)));
  return h("li", { class: "album-card", dataset: { albumId: album.albumId } }, link);
}

/** @param {Album} album @param {import("../core/dom.js").Child} [badge] */
export function buildCover({ coverUrl }, badge) {
  const image = coverUrl && h("img", { alt: "", loading: "lazy", decoding: "async", src: coverUrl });
  if (image) image.addEventListener("error", () => image.remove());
  return h("span", { class: "album-picture" }, icon("album"), image, badge);
}
