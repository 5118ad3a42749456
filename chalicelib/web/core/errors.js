/** Explain errors to people: what happened and what to do. */

import { h } from "./dom.js";
import { formatWait } from "./format.js";
import { ApiError } from "./http.js";
import { hasText, t } from "./texts.js";

/** An error whose message is a text for the person. */
export class Complaint extends Error {}

/**
 * Return the text of an error.
 * @param {unknown} error
 */
export function describeError(error) {
  if (error instanceof Complaint) return error.message;
  if (!(error instanceof ApiError)) {
    console.error(error);
    return t("error.page");
  }
  const key = `error.${error.code}`;
  const message = hasText(key) ? t(/** @type {import("./texts.js").Key} */ (key)) : error.message;
  // Messages of the API already name the wait.
  return error.retryAfter && hasText(key) ? `${message} ${t("error.retry", { wait: formatWait(error.retryAfter) })}` : message;
}

/**
 * Return the content that shows an error: its text, and the request id for support.
 * @param {unknown} error
 * @returns {(Node | string)[]}
 */
export function explain(error) {
  const text = describeError(error);
  const requestId = error instanceof ApiError && error.status >= 500 ? error.requestId : "";
  return requestId ? [text, " ", h("small", { class: "request-id" }, t("error.request", { id: requestId }))] : [text];
}
