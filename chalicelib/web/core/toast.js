/** Short messages at the foot of the page, one at a time. */

import { fill, h, topLayer } from "./dom.js";
import { t } from "./texts.js";

const SHOWN = 6_000;
const SHOWN_WITH_ACTION = 10_000;

const words = h("p", { role: "status", ariaLive: "polite" });
const action = h("button", { type: "button", class: "toast-action", hidden: true });
const toast = h("div", { class: "toast", hidden: true }, words, action);
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let isHeld = false;

/**
 * Show a message, and announce it to screen readers. It disappears by itself, but not while it has the focus or the pointer.
 * @param {import("./dom.js").Child | import("./dom.js").Child[]} message
 * @param {{label: string, run: () => void} | null} [button] disappears when it is used
 */
export function say(message, button = null) {
  topLayer().append(toast);
  fill(words, message);
  toast.hidden = false;
  action.hidden = !button;
  action.textContent = button?.label ?? "";
  action.onclick = () => {
    hush();
    button?.run();
  };
  clearTimeout(timer);
  timer = setTimeout(expire, button ? SHOWN_WITH_ACTION : SHOWN);
}

/** Offer to undo what the message says. @param {string} message @param {() => void} run */
export function sayWithUndo(message, run) {
  say(message, { label: t("undo"), run });
}

/**
 * Show the progress of an action until `hush()` or the next message.
 * @param {string} message
 * @param {number} fraction of the work that is done
 */
export function sayProgress(message, fraction) {
  const shown = words.querySelector("progress");
  if (shown && !toast.hidden) {
    shown.value = fraction;
    if (shown.previousSibling) shown.previousSibling.textContent = message;
  } else say([message, h("progress", { max: 1, value: fraction, ariaLabel: message })]);
  clearTimeout(timer);
}

export function hush() {
  clearTimeout(timer);
  toast.hidden = true;
  fill(words);
}

function expire() {
  if (isHeld || toast.contains(document.activeElement)) timer = setTimeout(expire, 1_000);
  else hush();
}

toast.addEventListener("pointerenter", () => { isHeld = true; });
toast.addEventListener("pointerleave", () => { isHeld = false; });
// The message outlives the dialog that it was shown in.
document.addEventListener("close", () => toast.hidden || topLayer().append(toast), true);
