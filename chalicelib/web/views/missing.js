/** The view of an address that does not exist. */

import { t } from "../core/texts.js";
import { buildEmpty } from "./empty.js";

/** @returns {View} */
export function open() {
  return { title: t("missing"), element: buildEmpty({ isView: true, title: t("missing"), text: t("missing.text"), action: { label: t("place.explore"), path: "" } }) };
}
