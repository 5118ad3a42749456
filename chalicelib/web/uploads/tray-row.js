/** One upload in the unfolded tray. */

import { fill, h } from "../core/dom.js";
import { describeError, explain } from "../core/errors.js";
import { formatBytes } from "../core/format.js";
import { ApiError } from "../core/http.js";
import { icon } from "../core/icons.js";
import { href } from "../core/router.js";
import { t } from "../core/texts.js";
import { buildFileName } from "./file-name.js";
import { isLost, isOpen, isRetryable } from "./queue.js";

/** @typedef {import("./queue.js").Upload} Upload */

export class TrayRow {
  element;
  #name = h("p", { class: "tray-name" });
  #state = h("small");
  #controls = h("span", { class: "tray-controls" });
  #bar = h("progress", { max: 1 });
  #shown = "";
  #upload;
  #options;

  /** @param {Upload} upload @param {{thumbnail: Element, retry: () => void, cancel: () => void}} options */
  constructor(upload, options) {
    this.#upload = upload;
    this.#options = options;
    this.#bar.ariaLabel = t("tray.progress.of", { name: upload.name });
    this.element = h("li", null, options.thumbnail, h("div", null, this.#name, this.#state, this.#bar), this.#controls);
  }

  /** Show the state. Return whether it has changed. */
  render() {
    const { state, sent, fault, photoId, choices, name } = this.#upload;
    this.#bar.value = sent;
    this.#bar.hidden = state !== "sending";
    const shown = `${state}/${fault?.code ?? ""}`;
    if (shown === this.#shown) return false;
    this.#shown = shown;
    this.element.dataset.state = state;
    const title = choices.title || name;
    fill(this.#name, photoId ? h("a", { href: href(`p/${photoId}`), ariaLabel: title }, buildFileName(title)) : buildFileName(title));
    fill(this.#state, ...this.#describe());
    this.#showControls();
    return true;
  }

  /** @returns {(string | Node)[]} */
  #describe() {
    const { state, fault, size } = this.#upload;
    if (state === "failed" && fault) return explain(restore(fault));
    const words = t(/** @type {import("../core/texts.js").Key} */ (`upload.state.${state}`));
    // The head of the tray says that the connection is lost.
    return [state === "waiting" && fault && !isLost(fault) ? describeError(restore(fault)) : `${words} · ${formatBytes(size)}`];
  }

  #showControls() {
    const { name } = this.#upload;
    const retry = isRetryable(this.#upload) && this.#button("retry", t("tray.retry.one", { name }), this.#options.retry);
    const isRemovable = isOpen(this.#upload) || this.#upload.state === "failed";
    const cancel = isRemovable && this.#button("close", t(isOpen(this.#upload) ? "tray.cancel.one" : "tray.remove", { name }), this.#options.cancel);
    fill(this.#controls, retry, cancel);
  }

  /** @param {import("../core/icons.js").IconName} symbol @param {string} label @param {() => void} run */
  #button(symbol, label, run) {
    return h("button", { type: "button", class: "icon-button", ariaLabel: label, title: label, onclick: run }, icon(symbol));
  }
}

/** @param {import("./queue.js").Fault} fault */
function restore({ status, code, message, requestId, retryAfter }) {
  return new ApiError(status, { error: code, message, requestId }, retryAfter);
}
