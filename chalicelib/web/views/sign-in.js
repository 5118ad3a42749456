/** Sign in with an e-mail address and a password, or on the hosted UI. */

import { h } from "../core/dom.js";
import { base } from "../core/http.js";
import { t } from "../core/texts.js";
import { buildDoor, buildDoorLink, buildEmailField, buildPasswordField, enter, readReturnPath } from "../doors/door.js";
import { startReset } from "../doors/reset.js";

/** @returns {View} */
export function open() {
  const door = buildDoor();
  showSignIn(door.show, "");
  return { title: t("sign-in"), element: door.element };
}

/** @param {(step: import("../doors/door.js").Step) => void} show @param {string} email */
function showSignIn(show, email) {
  const emailField = buildEmailField(email);
  const forgotten = h("button", { type: "button", class: "link-button" }, t("sign-in.forgotten"));
  forgotten.addEventListener("click", () => {
    const typed = emailField.querySelector("input")?.value ?? "";
    startReset(show, typed, () => showSignIn(show, typed));
  });
  const hosted = new URL(`login?${new URLSearchParams({ returnTo: `/${readReturnPath()}` })}`, base).href;
  show({
    title: t("sign-in"),
    text: new URLSearchParams(location.search).has("returnTo") ? t("sign-in.text") : "",
    fields: [emailField, buildPasswordField(), h("p", null, forgotten)],
    yes: t("sign-in"),
    submit: (data) => enter(String(data.get("email")), String(data.get("password"))),
    foot: [t("sign-in.new"), " ", buildDoorLink("join", t("join")), h("br"), h("a", { href: hosted, dataset: { leaves: "" } }, t("sign-in.hosted"))],
  });
}
