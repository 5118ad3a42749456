/** Files that are dropped on the page or pasted into it are uploaded. */

import { h } from "../core/dom.js";
import { t } from "../core/texts.js";

const hint = h("div", { class: "drop-hint", hidden: true, ariaHidden: "true" }, h("p", null, t("drop.hint")));

export function watchDrops() {
  document.body.append(hint);
  addEventListener("dragover", (event) => {
    if (!holdsFiles(event.dataTransfer)) return;
    event.preventDefault();
    hint.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) hint.hidden = true;
  });
  addEventListener("drop", (event) => {
    hint.hidden = true;
    if (!event.dataTransfer || !holdsFiles(event.dataTransfer)) return;
    event.preventDefault();
    void add(event.dataTransfer);
  });
  addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) void add(event.clipboardData);
  });
}

/** @param {DataTransfer} transfer */
async function add(transfer) {
  // The browser empties the transfer when this turn ends, so read its entries before loading the module.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry !== null && entry !== undefined);
  const files = [...transfer.files];
  const { addDrop } = await import("../uploads/uploads.js");
  await addDrop(entries, files);
}

/** @param {DataTransfer | null} transfer */
function holdsFiles(transfer) {
  return Boolean(transfer?.types.includes("Files"));
}
