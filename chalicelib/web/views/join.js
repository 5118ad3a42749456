/** Create an account: an e-mail address and a password, then the code that was mailed. */

import { request } from "../core/api.js";
import { h } from "../core/dom.js";
import { explain } from "../core/errors.js";
import { t } from "../core/texts.js";
import { say } from "../core/toast.js";
import { buildDoor, buildDoorLink, buildEmailField, buildPasswordField, enter } from "../doors/door.js";
import { buildCodeField, readCode } from "../doors/reset.js";

/** @returns {View} */
export function open() {
  const { element, show } = buildDoor();
  show({
    title: t("join.title"),
    text: t("join.text"),
    fields: [buildEmailField(), buildPasswordField({ isNew: true })],
    yes: t("join"),
    async submit(data) {
      const email = String(data.get("email")).trim();
      const password = String(data.get("password"));
      await request("POST", "signup", { body: { email, password } });
      showCode(show, email, password);
    },
    foot: [t("join.before"), " ", buildDoorLink("sign-in", t("sign-in"))],
  });
  return { title: t("join"), element };
}

/** @param {(step: import("../doors/door.js").Step) => void} show @param {string} email @param {string} password */
function showCode(show, email, password) {
  const again = h("button", { type: "button", class: "link-button", onclick: () => void resend(email) }, t("code.again"));
  show({
    title: t("join.code.title"),
    text: t("code.sent", { email }),
    fields: [buildCodeField()],
    yes: t("join.confirm"),
    async submit(data) {
      await request("POST", "signup/confirm", { body: { email, code: readCode(data) } });
      await enter(email, password);
    },
    foot: [again],
  });
}

/** @param {string} email */
async function resend(email) {
  try {
    await request("POST", "signup/resend", { body: { email } });
    say(t("code.sent", { email }));
  } catch (error) {
    say(explain(error));
  }
}
