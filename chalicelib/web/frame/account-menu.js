/** The menu of the account: its page, and signing out. */

import { openMenu } from "../core/dialogs.js";
import { explain } from "../core/errors.js";
import { navigate } from "../core/router.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { say } from "../core/toast.js";

/** @param {HTMLElement} button */
export function openAccountMenu(button) {
  openMenu(button, [
    { label: t("account"), icon: "person", run: () => void navigate("me") },
    { label: t("sign-out"), icon: "exit", run: () => void signOut() },
  ]);
}

/** Sign out here and on the hosted UI, which then returns to the page. */
export async function signOut() {
  try {
    location.assign(await session.signOut());
  } catch (error) {
    say(explain(error));
  }
}
