/** Sign in with an e-mail address and a password, or on the hosted UI. */

import { h } from "../core/dom.js";
import { base } from "../core/http.js";
import { currentPath, navigate } from "../core/router.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { buildDoor, buildDoorLink, buildEmailField, buildPasswordField, enter, readReturnPath } from "../doors/door.js";
import { startReset } from "../doors/reset.js";

/** @returns {View} */
export function open() {
  const door = buildDoor();
  showSignIn(door.show, "");
  void session.ready.then(goOn);
  return { title: t("sign-in"), element: door.element };
}

/** Go on to the share link after a sign-in on the hosted page. */
function goOn() {
  const isBack = currentPath() === "sign-in" && new URLSearchParams(location.search).has("back");
  if (isBack && session.userId) void navigate(readReturnPath(), { isReplacement: true });
}

/** @param {(step: import("../doors/door.js").Step) => void} show @param {string} email */
function showSignIn(show, email) {
  const emailField = buildEmailField(email);
  const forgotten = h("button", { type: "button", class: "link-button" }, t("sign-in.forgotten"));
  forgotten.addEventListener("click", () => {
    const typed = emailField.querySelector("input")?.value ?? "";
    startReset(show, typed, () => showSignIn(show, typed));
  });
  const query = new URLSearchParams(location.search);
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
