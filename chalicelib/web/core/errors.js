/** Explain errors to users: what happened and what to do. */

import { h } from "./dom.js";
import { formatWait } from "./format.js";
import { ApiError } from "./http.js";
import { hasText, t } from "./texts.js";

/** An error whose message is a text for the person. `fields` are the names of the form's fields that it is about. */
export class Complaint extends Error {
  /** @param {string} message @param {string[]} [fields] */
  constructor(message, fields = []) {
    super(message);
    this.fields = fields;
  }
}

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
  const key = findKey(error);
  const message = key ? t(key) : error.message;
  // Messages of the API already name the wait. A quota does not end by waiting.
  return error.retryAfter && key && error.code !== "QuotaExceeded" ? `${message} ${t("error.retry", { wait: formatWait(error.retryAfter) })}` : message;
}

/** Return the key of the text for a code. The details may choose among several, such as those of quotas. @param {ApiError} error */
function findKey({ code, details }) {
  const keys = [...Object.keys(details).map((name) => `error.${code}.${name}`), `error.${code}`];
  return /** @type {import("./texts.js").Key | undefined} */ (keys.find(hasText));
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
