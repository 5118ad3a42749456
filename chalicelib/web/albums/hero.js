/** The head of an album: its cover, name and facts. */

import { fill, h } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t } from "../core/texts.js";
import { factsOf } from "./albums.js";

/**
 * Build the head of an album. `show` shows a changed album, and `sharpen` a larger copy of its cover.
 * @param {{isOwn: boolean, actions: import("../core/dom.js").Child[], onExpired: () => void}} options
 */
export function buildHero({ isOwn, actions, onExpired }) {
  const cover = h("img", { class: "album-cover", alt: "", decoding: "async", fetchPriority: "high" });
  const name = h("h1");
  const facts = h("p", { class: "album-facts" });
  const text = h("p", { class: "album-description" });
  const head = h("header", { class: "album-hero" }, cover, h("div", { class: "album-title" }, name, facts), h("div", { class: "album-actions" }, actions));
  let hasRetried = false;
  cover.addEventListener("load", () => cover.classList.add("loaded"));
  cover.addEventListener("error", () => {
    cover.classList.remove("loaded");
    // The signed URL may have expired.
    if (!hasRetried) onExpired();
    hasRetried = true;
  });
  return { elements: [head, text], show, sharpen };

  /** @param {Album} album */
  function show(album) {
    name.textContent = album.name;
    const lock = isOwn && h("span", null, icon(ICONS[album.visibility]), t(`visibility.${album.visibility}`));
    fill(facts, h("span", null, factsOf(album).join(" · ")), lock);
    text.textContent = album.description;
    text.hidden = !album.description;
    cover.hidden = !album.coverUrl;
    head.classList.toggle("plain", !album.coverUrl);
    if (album.coverUrl && !isSame(cover.src, album.coverUrl)) {
      cover.removeAttribute("srcset");
      cover.src = album.coverUrl;
    }
  }

  /** Show the largest rendition of the cover, if it is among these photos. @param {Photo[]} photos */
  function sharpen(photos) {
    const photo = cover.src && !cover.srcset && photos.find(({ renditions }) => Object.values(renditions).some((url) => isSame(url, cover.src)));
    if (!photo || !photo.renditions["2048"]) return;
    cover.sizes = "100vw";
    cover.srcset = `${photo.renditions["1024"] ?? cover.src} 1024w, ${photo.renditions["2048"]} 2048w`;
  }
}

/** @type {Record<Visibility, import("../core/icons.js").IconName>} */
const ICONS = { private: "lock", unlisted: "link", public: "globe" };

/** Return whether two signed URLs lead to the same picture. @param {string} a @param {string} b */
function isSame(a, b) {
  return a.split("?")[0] === b.split("?")[0];
}
