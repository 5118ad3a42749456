/** The page: its frame, and the view of the address. */

import { applyTheme, LEFT, recall } from "./core/preferences.js";
import { routerEvents, show, startRouter } from "./core/router.js";
import { session } from "./core/session.js";
import { say } from "./core/toast.js";
import { t } from "./core/texts.js";
import { startFrame } from "./frame/frame.js";
import { watchDrops } from "./frame/drops.js";

applyTheme();
const shared = takeShareId();
// Ask at once who is signed in, while the view loads its first photos.
void session.ready;
startFrame(startRouter());
watchDrops();
routerEvents.addEventListener("photo", (event) => void followPhoto(/** @type {CustomEvent} */ (event).detail));
addEventListener("unhandledrejection", () => say(t("error.page")));
// A page restored from the browser's cache may show private photos after the user has signed out.
addEventListener("pageshow", (event) => event.persisted && location.reload());
// The worker keeps copies of the page, which can wait until the first photos are there.
addEventListener("load", () => void navigator.serviceWorker?.register(new URL("../sw.js", import.meta.url)).catch(() => {}));
void show();
// The first answer about the session is a change too, if a user is signed in.
session.addEventListener("change", () => void resumeUploads());
if (shared) void addShared(shared);

let hasViewer = false;

/** The viewer loads with the first photo that is opened. @param {{photoId: string | null, list: import("./grid/photo-list.js").GridList | null}} detail */
async function followPhoto(detail) {
  if (!detail.photoId && !hasViewer) return;
  hasViewer = true;
  const { follow } = await import("./viewer/viewer.js");
  await follow(detail);
}

/** Uploads that an earlier visit of this account left unfinished go on. Without any, their modules are not loaded. */
async function resumeUploads() {
  if (!session.userId || !recall(LEFT)) return;
  const { resume } = await import("./uploads/uploads.js");
  await resume();
}

/** Take the files that another app has shared with this one. @param {string} id */
async function addShared(id) {
  const { takeShared } = await import("./uploads/uploads.js");
  await takeShared(id);
}

/** Take the id of a share out of the address, before the view of the address is shown. */
function takeShareId() {
  const url = new URL(location.href);
  const id = url.searchParams.get("shared");
  url.searchParams.delete("shared");
  if (id) history.replaceState(history.state, "", url);
  return id;
}
