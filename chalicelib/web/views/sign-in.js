/** Sign in with an e-mail address and a password, or on the hosted UI. The steps of a new password share one address. */

import { h } from "../core/dom.js";
import { base } from "../core/http.js";
import { currentPath, navigate } from "../core/router.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { buildDoor, buildDoorLink, buildEmailField, buildPasswordField, enter, readReturnPath } from "../doors/door.js";
import { startReset } from "../doors/reset.js";

/** The address that was typed before the password turned out to be forgotten. */
let typed = "";
/** True if the history has the sign-in before the new password. */
let isAbove = false;

/** @param {string[]} _params @param {URLSearchParams} query @returns {View} */
export function open(_params, query) {
  const door = buildDoor();
  if (query.has("reset")) startReset(door.show, typed, () => leaveReset(query));
  else showSignIn(door.show, query);
  void session.ready.then(goOn);
  return { title: t("sign-in"), element: door.element, resume: leaveIfSignedIn };
}

/** Go on to the share link after a sign-in on the hosted page. */
function goOn() {
  const isBack = currentPath() === "sign-in" && new URLSearchParams(location.search).has("back");
  if (isBack && session.userId) void navigate(readReturnPath(), { isReplacement: true });
}

/** After a new password, the history still has the sign-in before it. */
function leaveIfSignedIn() {
  if (session.userId) queueMicrotask(() => void navigate(readReturnPath(), { isReplacement: true }));
}

/** @param {(step: import("../doors/door.js").Step) => void} show @param {URLSearchParams} query */
function showSignIn(show, query) {
  const emailField = buildEmailField(typed);
  const forgotten = h("button", { type: "button", class: "link-button" }, t("sign-in.forgotten"));
  forgotten.addEventListener("click", () => {
    typed = emailField.querySelector("input")?.value ?? "";
    isAbove = true;
    void navigate(`sign-in?${new URLSearchParams([["reset", ""], ...query])}`);
  });
  // Only the tab knows the way back from a share link, so the hosted page returns here first.
  const back = query.has("back") ? `sign-in${location.search}` : readReturnPath();
  const hosted = new URL(`login?${new URLSearchParams({ returnTo: `/${back}` })}`, base).href;
  show({
    title: t("sign-in"),
    text: query.has("returnTo") || query.has("back") ? t("sign-in.text") : "",
    fields: [emailField, buildPasswordField(), h("p", null, forgotten)],
    yes: t("sign-in"),
    submit: (data) => enter(String(data.get("email")), String(data.get("password"))),
    foot: [t("sign-in.new"), " ", buildDoorLink("join", t("join")), h("br"), h("a", { href: hosted, dataset: { leaves: "" } }, t("sign-in.hosted"))],
  });
}

/** @param {URLSearchParams} query */
function leaveReset(query) {
  if (isAbove) return history.back();
  const rest = new URLSearchParams([...query].filter(([name]) => name !== "reset"));
  return void navigate(`sign-in?${rest}`, { isReplacement: true });
}
