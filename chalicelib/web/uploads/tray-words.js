/** The words of the tray about waiting, time and the result. */

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

/** Say what became of all uploads, such as "18 photos uploaded, 2 failed". @param {import("./queue.js").Sum} sum */
export function describeEnd({ ready, duplicates, failed }) {
  if (!ready && !duplicates) return t("tray.failed", { count: failed });
  const done = ready ? t("tray.done", { count: ready }) : t("tray.nothing");
  return failed ? t("tray.partly", { done, count: failed }) : done;
}

/** @param {import("./queue.js").Sum} sum */
export function describeDuplicates({ duplicates }) {
  return duplicates ? t("tray.duplicates", { count: duplicates }) : "";
}
