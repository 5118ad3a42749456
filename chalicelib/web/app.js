/** The page: its frame, and the view of the address. */

import { applyTheme } from "./core/preferences.js";
import { routerEvents, show, startRouter } from "./core/router.js";
import { session } from "./core/session.js";
import { say } from "./core/toast.js";
import { t } from "./core/texts.js";
import { startFrame } from "./frame/frame.js";
import { watchDrops } from "./frame/drops.js";

applyTheme();
// Ask at once who is signed in, while the view loads its first photos.
void session.ready;
startFrame(startRouter());
watchDrops();
routerEvents.addEventListener("photo", (event) => void followPhoto(/** @type {CustomEvent} */ (event).detail));
addEventListener("unhandledrejection", () => say(t("error.page")));
// A page restored from the browser's cache may show private photos after the user has signed out.
addEventListener("pageshow", (event) => event.persisted && location.reload());
if ("serviceWorker" in navigator) void navigator.serviceWorker.register(new URL("../sw.js", import.meta.url));
void show();
void resumeUploads();

let hasViewer = false;

/** The viewer loads with the first photo that is opened. @param {{photoId: string | null, list: import("./grid/photo-list.js").GridList | null}} detail */
async function followPhoto(detail) {
  if (!detail.photoId && !hasViewer) return;
  hasViewer = true;
  const { follow } = await import("./viewer/viewer.js");
  await follow(detail);
}

/** Uploads that the last visit left unfinished go on. */
async function resumeUploads() {
  await session.ready;
  if (!session.userId) return;
  const { resume } = await import("./uploads/uploads.js");
  await resume();
}
