/** The steps that set a new password with a code from an e-mail. */

import { request } from "../core/api.js";
import { h } from "../core/dom.js";
import { explain } from "../core/errors.js";
import { t } from "../core/texts.js";
import { say } from "../core/toast.js";
import { buildEmailField, buildField, buildPasswordField, enter } from "./door.js";

/**
 * @param {(step: import("./door.js").Step) => void} show
 * @param {string} email
 * @param {() => void} back
 */
export function startReset(show, email, back) {
  const cancel = h("button", { type: "button", class: "link-button", onclick: back }, t("sign-in.back"));
  show({
    title: t("reset.title"), text: t("reset.text"), fields: [buildEmailField(email)], yes: t("reset.send"), foot: [cancel],
    async submit(data) {
      const address = String(data.get("email"));
      await request("POST", "password/forgot", { body: { email: address } });
      showCode(show, address, back);
    },
  });
}

/** @param {(step: import("./door.js").Step) => void} show @param {string} email @param {() => void} back */
function showCode(show, email, back) {
  const again = h("button", { type: "button", class: "link-button", onclick: () => void resend(email) }, t("code.again"));
  const cancel = h("button", { type: "button", class: "link-button", onclick: back }, t("sign-in.back"));
  show({
    title: t("reset.code.title"), text: t("code.sent", { email }), fields: [buildCodeField(), buildPasswordField({ label: t("password.new"), isNew: true })], yes: t("reset.save"), foot: [again, h("br"), cancel],
    async submit(data) {
      const password = String(data.get("password"));
      await request("POST", "password/reset", { body: { email, code: readCode(data), password } });
      say(t("reset.done"));
      await enter(email, password);
    },
  });
}

/** @param {string} email */
async function resend(email) {
  try {
    await request("POST", "password/forgot", { body: { email } });
    say(t("code.sent", { email }));
  } catch (error) {
    say(explain(error));
  }
}

export function buildCodeField() {
  return buildField("code", t("code"), { inputMode: "numeric", autocomplete: "one-time-code", pattern: "[0-9\\s]{1,20}" });
}

/** @param {FormData} data */
export function readCode(data) {
  return String(data.get("code")).replace(/\s/g, "");
}
