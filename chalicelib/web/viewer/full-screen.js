/** The whole screen for the viewer. */

import { t } from "../core/texts.js";
import { say } from "../core/toast.js";

/** Browsers do not let a dialog fill the screen, so the page does. The dialog covers it. */
export async function toggleFullScreen() {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen().catch(() => say(t("viewer.full.refused")));
}
