/** Errors in the form in which uploads store them. */

import { ApiError } from "../core/http.js";

/** @param {unknown} error @returns {import("./queue.js").Fault} */
export function toFault(error) {
  if (!(error instanceof ApiError)) {
    console.error(error);
    return { status: 400, code: "PageError", message: String(error), requestId: "", retryAfter: 0 };
  }
  const { status, code, message, requestId, retryAfter } = error;
  return { status, code, message, requestId, retryAfter };
}
