/** Messages that the viewer shows in place of a photo, or over it. */

import { h } from "../core/dom.js";
import { explain } from "../core/errors.js";
import { ApiError } from "../core/http.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { buildWayTo } from "../core/way-back.js";

/**
 * Explain why a photo cannot be shown. A visitor may have to sign in for a private one, and then returns to it.
 * @param {unknown} error
 * @param {{retry: () => void, leave: () => void}} answers
 */
export function buildMissing(error, { retry, leave }) {
  const isMissing = error instanceof ApiError && (error.status === 404 || error.status === 400);
  const mayBePrivate = isMissing && !session.userId;
  const title = t(mayBePrivate ? "viewer.private" : isMissing ? "missing" : "error.title");
  const text = isMissing ? [t(mayBePrivate ? "viewer.private.text" : "missing.text")] : explain(error);
  const again = !isMissing && h("button", { type: "button", class: "button", onclick: retry }, t("retry"));
  const elsewhere = h("button", { type: "button", class: "button", onclick: leave }, t("viewer.elsewhere"));
  const signIn = mayBePrivate && buildWayTo("sign-in", t("sign-in"), { class: "button primary" });
  return h("div", { class: "viewer-missing" }, h("h1", null, title), h("p", null, ...text), h("p", { class: "actions" }, again, elsewhere, signIn));
}

/** @param {() => void} retry */
export function buildRetry(retry) {
  return h("div", { class: "viewer-missing" }, h("p", null, t("viewer.failed")), h("p", { class: "actions" }, h("button", { type: "button", class: "button", onclick: retry }, t("retry"))));
}

/** Return the state of a photo that is not simply shown, or null. @param {Photo} photo */
export function buildState({ status, wantedRotation }) {
  if (status === "pending") return h("p", null, t("viewer.pending"));
  if (status === "rejected") return h("p", null, t("viewer.rejected"));
  return status === "ready" && typeof wantedRotation === "number" ? h("p", null, t("viewer.rotating")) : null;
}
