/** Files that are dropped on the page or pasted into it are uploaded. */

import { h } from "../core/dom.js";
import { t } from "../core/texts.js";

// A popover lies over dialogs too.
const hint = h("div", { class: "drop-hint", popover: "manual", ariaHidden: "true" }, h("p", null, t("drop.hint")));
let isOwnDrag = false;

export function watchDrops() {
  document.body.append(hint);
  // A photo of the page that is dragged looks like a file, too.
  addEventListener("dragstart", () => { isOwnDrag = true; });
  addEventListener("dragend", () => { isOwnDrag = false; });
  addEventListener("dragover", (event) => {
    if (!holdsFiles(event.dataTransfer)) return;
    event.preventDefault();
    showHint(true);
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) showHint(false);
  });
  addEventListener("drop", (event) => {
    showHint(false);
    if (!event.dataTransfer || !holdsFiles(event.dataTransfer)) return;
    event.preventDefault();
    void add(event.dataTransfer);
  });
  addEventListener("paste", (event) => {
    const { clipboardData: data, target } = event;
    // Programs copy a picture of the text together with the text.
    const isText = target instanceof HTMLElement && target.matches("input, textarea") && data?.types.includes("text/plain");
    if (data?.files.length && !isText) void add(data);
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
  return !isOwnDrag && Boolean(transfer?.types.includes("Files"));
}

/** @param {boolean} isShown */
function showHint(isShown) {
  if (isShown !== hint.matches(":popover-open")) hint.togglePopover(isShown);
}
