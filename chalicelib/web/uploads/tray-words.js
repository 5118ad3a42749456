/** The words of the tray about waiting and time. */

import { language, t } from "../core/texts.js";

/** Say why nothing is sent, or return "". @param {import("./sender.js").Sender} sender */
export function describeWait({ isSignedOut, isPaused, outage }) {
  if (isSignedOut) return t("tray.signed-out");
  if (isPaused) return t("tray.paused");
  if (!navigator.onLine) return t("offline");
  return outage.attempts > 1 ? t("tray.unreachable") : "";
}

/** Return the time left, such as "1 minute left". @param {number} seconds */
export function describeTime(seconds) {
  const [count, unit] = seconds < 50 ? [Math.max(5, Math.ceil(seconds / 5) * 5), "second"] : seconds < 5400 ? [Math.ceil(seconds / 60), "minute"] : [Math.ceil(seconds / 3600), "hour"];
  return t("tray.left", { time: Number(count).toLocaleString(language, { style: "unit", unit: String(unit), unitDisplay: "long" }) });
}
