/** The page at which a visitor types the password of a share link. */

import { Complaint } from "../core/errors.js";
import { formatWait } from "../core/format.js";
import { ApiError } from "../core/http.js";
import { t } from "../core/texts.js";
import { buildDoor, buildPasswordField } from "../doors/door.js";

/** @param {import("./link.js").Link} link @param {() => void} onOpen */
export function buildLinkDoor(link, onOpen) {
  const { element, show } = buildDoor();
  element.classList.add("link-door");
  show({ title: t("link.password.title"), text: t("link.password.text"), fields: [buildPasswordField()], yes: t("link.open"), submit });
  return element;

  /** @param {FormData} data */
  async function submit(data) {
    try {
      await link.unlock(String(data.get("password")));
    } catch (error) {
      const field = element.querySelector("input");
      field?.select();
      throw toComplaint(error);
    }
    onOpen();
  }
}

/** @param {unknown} error */
function toComplaint(error) {
  if (!(error instanceof ApiError)) return error;
  if (error.code === "InvalidLinkPassword") return new Complaint(t("link.password.wrong"), ["password"]);
  if (error.status === 429) return new Complaint(t("link.password.wait", { wait: formatWait(error.retryAfter || 60) }));
  return error.status === 404 ? new Complaint(t("link.ended")) : error;
}
