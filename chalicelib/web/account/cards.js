/** The parts of the account that need a question first: password, sessions, and the end of the account. */

import { request } from "../core/api.js";
import { confirmed, openForm } from "../core/dialogs.js";
import { h } from "../core/dom.js";
import { Complaint, explain } from "../core/errors.js";
import { formatBytes } from "../core/format.js";
import { navigate } from "../core/router.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { say } from "../core/toast.js";
import { buildField, buildPasswordField } from "../doors/door.js";

/** @param {string} email */
export function buildSignInCard(email) {
  return h("section", { class: "card wide" }, h("h2", null, t("sign-in")), row(t("password"), t("password.change.text"), t("password.change"), () => openPasswordForm(email)), row(t("sign-out.everywhere"), t("sign-out.everywhere.text"), t("sign-out.everywhere"), () => void signOutEverywhere()));
}

/** @param {{email: string, photoCount: number, bytes: number}} account */
export function buildCancelCard(account) {
  const button = h("button", { type: "button", class: "button danger outline", onclick: () => openCancelForm(account) }, t("cancel-account.open"));
  const words = h("div", null, h("h2", { class: "error" }, t("cancel-account")), h("p", { class: "quiet" }, t("cancel-account.text", { count: account.photoCount, size: formatBytes(account.bytes) })));
  return h("section", { class: "card wide fatal" }, h("div", { class: "row" }, words, button));
}

/** @param {string} title @param {string} text @param {string} label @param {() => void} run */
function row(title, text, label, run) {
  return h("div", { class: "row" }, h("p", null, title, h("br"), h("small", null, text)), h("button", { type: "button", class: "button", onclick: run }, label));
}

/** @param {string} email */
function openPasswordForm(email) {
  openForm({
    title: t("password.change"),
    fields: [buildPasswordField({ name: "current", label: t("password.current") }), buildPasswordField({ name: "next", label: t("password.new"), isNew: true })],
    yes: t("password.change"),
    async submit(data) {
      const next = String(data.get("next"));
      await request("POST", "password/change", { body: { currentPassword: String(data.get("current")), newPassword: next } });
      // End all sessions, including those of a person who knew the old password. Then begin a new one here.
      await request("POST", "logout/everywhere");
      await session.signIn(email, next);
      say(t("password.changed"));
    },
  });
}

async function signOutEverywhere() {
  if (!(await confirmed({ title: t("sign-out.everywhere.ask"), text: t("sign-out.everywhere.text"), yes: t("sign-out.everywhere") }))) return;
  try {
    const { logoutUrl } = await request("POST", "logout/everywhere");
    session.forget();
    location.assign(logoutUrl);
  } catch (error) {
    say(explain(error));
  }
}

/** Ask for the e-mail address, so that one wrong click cancels no account. @param {{email: string, photoCount: number, bytes: number}} account */
function openCancelForm({ email, photoCount, bytes }) {
  const dialog = openForm({
    title: t("cancel-account.ask"),
    fields: [h("p", { class: "quiet" }, t("cancel-account.text", { count: photoCount, size: formatBytes(bytes) })), buildField("email", t("cancel-account.type", { email }), { autocomplete: "off" })],
    yes: t("cancel-account"),
    async submit(data) {
      if (String(data.get("email")).trim().toLowerCase() !== email) throw new Complaint(t("cancel-account.mismatch"), ["email"]);
      await request("DELETE", "account");
      session.forget();
      say(t("cancel-account.done"));
      await navigate("", { isReplacement: true });
    },
  });
  dialog.querySelector("button.primary")?.classList.replace("primary", "fatal");
}
