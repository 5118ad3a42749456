/** The view of a share link: the album and its photos, or the question for its password. */

import { buildHero } from "../albums/hero.js";
import { buildLinkDoor } from "../albums/link-door.js";
import { Link } from "../albums/link.js";
import { h } from "../core/dom.js";
import { ApiError } from "../core/http.js";
import { icon } from "../core/icons.js";
import { href, openPhoto, reload } from "../core/router.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { PhotoGrid } from "../grid/photo-grid.js";
import { buildEmpty } from "./empty.js";
import { loadStyle } from "../core/styles.js";

await loadStyle("albums");

/** @param {string[]} params @returns {Promise<View>} */
export async function open([token]) {
  const link = new Link(decodeURIComponent(token));
  try {
    return show(link, await link.open());
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) return ended();
    if (error.code !== "LinkPasswordRequired" && error.code !== "InvalidLinkPassword") throw error;
    link.forget();
    return { title: t("link.password.title"), element: buildLinkDoor(link, () => void reload()) };
  }
}

/** @param {Link} link @param {Album} album @returns {View} */
function show(link, album) {
  const list = link.buildList("position");
  const hero = buildHero({ isOwn: false, actions: [slideshow("on-photo light")], onExpired: () => void link.fetchAlbum().then(hero.show, () => {}) });
  const grid = new PhotoGrid({ list, label: t("album.label"), empty: () => buildEmpty({ title: t("album.empty") }) });
  const foot = h("div", { class: "shared-foot" }, slideshow("primary"));
  const element = h("div", { class: "album shared" }, ...hero.elements, invitation(), grid.element, foot);
  hero.show(album);
  list.addEventListener("change", () => hero.sharpen(list.items));
  return { title: album.name, element, list, photoHref: (photoId) => link.photoHref(photoId), close: () => grid.close() };

  /** @param {string} look */
  function slideshow(look) {
    const start = async () => {
      await list.load();
      if (list.items.length) await openPhoto(list.items[0].photoId, { isSlideshow: true });
    };
    return h("button", { type: "button", class: `button ${look}`, disabled: !album.photoCount, onclick: () => void start() }, icon("play"), t("slideshow"));
  }
}

/** Invite visitors to join. The answer about the session may come later. */
function invitation() {
  // The address of a link is a secret, so it goes into no other address.
  const join = h("a", { href: href("join"), dataset: { returns: "" } }, t("join"));
  const banner = h("p", { class: "invitation", hidden: true }, h("strong", null, t("link.join")), join);
  void session.ready.then(() => { banner.hidden = session.userId !== null; });
  return banner;
}

/** @returns {View} */
function ended() {
  return { title: t("link.ended.title"), element: buildEmpty({ isView: true, title: t("link.ended.title"), text: t("link.ended.text"), action: { label: t("place.explore"), path: "" } }) };
}
