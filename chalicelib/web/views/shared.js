/** The view of a share link: the album and its photos, or the question for its password. */

import { buildHero } from "../albums/hero.js";
import { buildLinkDoor } from "../albums/link-door.js";
import { Link } from "../albums/link.js";
import { SharedPhotos } from "../albums/shared-photos.js";
import { fill, h } from "../core/dom.js";
import { ApiError } from "../core/http.js";
import { icon } from "../core/icons.js";
import { openPhoto, reload } from "../core/router.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { buildWayTo } from "../core/way-back.js";
import { buildEmpty } from "./empty.js";
import { loadStyle } from "../core/styles.js";
import { isRateable } from "../viewer/sources.js";

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
  const photos = new SharedPhotos(link);
  const hero = buildHero({ isOwn: false, actions: [slideshow("on-photo light")], onExpired: () => void link.fetchAlbum().then(hero.show, () => {}) });
  const foot = h("div", { class: "shared-foot" }, slideshow("primary"));
  const element = h("div", { class: "album shared" }, ...hero.elements, invitation(photos), photos.chips, photos.element, foot);
  hero.show(album);
  photos.addEventListener("change", () => hero.sharpen(photos.list.items));
  return { title: album.name, element, get list() { return photos.list; }, photoHref: (photoId) => link.photoHref(photoId), close: () => photos.close() };

  /** @param {string} look */
  function slideshow(look) {
    const start = async () => {
      const { list } = photos;
      await list.load();
      if (list.items.length) await openPhoto(list.items[0].photoId, { isSlideshow: true });
    };
    return h("button", { type: "button", class: `button ${look}`, disabled: !album.photoCount, onclick: () => void start() }, icon("play"), t("slideshow"));
  }
}

/** Invite visitors to join, and to rate if they may rate one of the photos. The session may become known later. @param {SharedPhotos} photos */
function invitation(photos) {
  const reason = h("strong");
  const banner = h("p", { class: "invitation", hidden: true }, reason, buildWayTo("join", t("join")));
  const show = () => fill(reason, t(photos.list.items.some(isRateable) ? "link.join.rate" : "link.join"));
  show();
  photos.addEventListener("change", show);
  void session.ready.then(() => { banner.hidden = session.userId !== null; });
  return banner;
}

/** @returns {View} */
function ended() {
  return { title: t("link.ended.title"), element: buildEmpty({ isView: true, title: t("link.ended.title"), text: t("link.ended.text"), action: { label: t("place.explore"), path: "" } }) };
}
