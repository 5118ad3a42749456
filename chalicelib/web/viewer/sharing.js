/** Copy or share the link of a photo. A private photo is made visible first, if its owner agrees. */

import { openDialog, openForm } from "../core/dialogs.js";
import { h } from "../core/dom.js";
import { isAbort } from "../core/http.js";
import { changePhoto, nameOf } from "../core/photos.js";
import { href } from "../core/router.js";
import { say } from "../core/toast.js";
import { t } from "../core/texts.js";
import { isOwn } from "./sources.js";

const TOUCH = matchMedia("(pointer: coarse)");

/** Share with the device's own dialog on phones, else copy the link. @param {Photo} photo */
export function sharePhoto(photo) {
  return withVisible(photo, () => (TOUCH.matches && "share" in navigator ? shareByDevice(photo) : copy(photo)));
}

/** @param {Photo} photo */
export function copyLink(photo) {
  return withVisible(photo, () => copy(photo));
}

/** @param {Photo} photo @param {() => Promise<void>} run */
function withVisible(photo, run) {
  if (!isOwn(photo) || photo.visibility !== "private") return run();
  const submit = async () => {
    await changePhoto(photo.photoId, { visibility: "unlisted" });
    await run();
  };
  openForm({ title: t("viewer.share.private"), fields: [h("p", { class: "quiet" }, t("viewer.share.private.text"))], yes: t("viewer.share.allow"), submit });
  return Promise.resolve();
}

/** @param {Photo} photo */
async function shareByDevice(photo) {
  try {
    await navigator.share({ title: nameOf(photo), url: href(`p/${photo.photoId}`) });
  } catch (error) {
    if (!isAbort(error)) await copy(photo);
  }
}

/** @param {Photo} photo */
async function copy({ photoId }) {
  const url = href(`p/${photoId}`);
  try {
    await navigator.clipboard.writeText(url);
    say(t("viewer.share.copied"));
  } catch {
    // The browser does not allow it, so the user copies by hand.
    const link = h("input", { readOnly: true, value: url, ariaLabel: t("viewer.share.link") });
    openDialog({ title: t("viewer.share.link"), content: [h("div", { class: "field" }, link)] });
    link.select();
  }
}
