/** Helpers of all modules of the page: elements, messages and questions. Text becomes text nodes, never markup. */

import { ApiError } from "./api.js";

export const byId = (id) => document.getElementById(id);

export function el(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

/** Return a copy of a template's only element. */
export function stamp(templateId) {
  return byId(templateId).content.firstElementChild.cloneNode(true);
}

/** Return the content that shows an error: its message, the time of a retry, and the request id for support. */
export function explain(error) {
  if (!(error instanceof ApiError)) console.error(error);
  const known = error instanceof ApiError ? error : new ApiError(0, { message: "Something went wrong on this page." });
  const words = [known.message];
  if (known.retryAfter) words.push(` Try again ${inWords(known.retryAfter)}.`);
  if (known.requestId) words.push(" ", el("small", "request-id", `Request ${known.requestId}`));
  return words;
}

/** Show a message, also to screen readers. `action` is a button {label, run} that disappears when it is used. */
export function say(words, action = null) {
  byId("status").replaceChildren(...[words].flat());
  byId("status-dismiss").hidden = false;
  const button = byId("status-action");
  button.hidden = !action;
  button.textContent = action?.label ?? "";
  button.onclick = () => {
    hush();
    action.run();
  };
}

export function hush() {
  byId("status").replaceChildren();
  byId("status-action").hidden = byId("status-dismiss").hidden = true;
}

/** Ask a question. Resolve to true if the user confirms. */
export function confirmed(question, yes) {
  const dialog = byId("confirm");
  byId("confirm-question").textContent = question;
  byId("confirm-yes").textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function inWords(seconds) {
  const format = new Intl.RelativeTimeFormat("en");
  return seconds < 90 ? format.format(seconds, "second") : format.format(Math.ceil(seconds / 60), "minute");
}
