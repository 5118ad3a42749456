/** Dialogs, which come from the foot of the page on phones, and menus. */

import { h, topLayer } from "./dom.js";
import { FormFault } from "./form-fault.js";
import { icon } from "./icons.js";
import { t } from "./texts.js";

/**
 * Open a dialog. The returned element is removed when it is closed.
 * `mayLeave` is asked when the user leaves the dialog by its cross, the Escape key, or a click outside it.
 * @param {{title: string, content: import("./dom.js").Child[], name?: string, onClose?: () => void, mayLeave?: () => boolean | Promise<boolean>}} options
 */
export function openDialog({ title, content, name = "", onClose, mayLeave = () => true }) {
  const heading = h("h2", { id: `dialog-${crypto.randomUUID()}` }, title);
  const close = h("button", { type: "button", class: "icon-button", ariaLabel: t("close"), title: t("close"), onclick: leave }, icon("close"));
  const dialog = h("dialog", { class: `dialog ${name}`, "aria-labelledby": heading.id }, h("header", null, heading, close), ...content);
  const opener = /** @type {HTMLElement | null} */ (document.activeElement);
  dialog.addEventListener("close", () => {
    dialog.remove();
    onClose?.();
    if (opener && !opener.isConnected) focusInstead(opener);
  });
  // A click on the backdrop has the dialog as its target, because the content fills the dialog.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && isOutside(event, dialog)) void leave();
  });
  dialog.addEventListener("cancel", (event) => {
    // The dialogs of file inputs and nested dialogs send this event too.
    if (event.target !== dialog) return;
    event.preventDefault();
    void leave();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;

  async function leave() {
    if (await mayLeave()) dialog.close();
  }
}

/** Focus the control that has replaced another one while a dialog was open. @param {HTMLElement} opener */
function focusInstead(opener) {
  if (document.activeElement !== document.body) return;
  const layer = /** @type {HTMLElement} */ (topLayer());
  const controls = /** @type {HTMLElement[]} */ ([...layer.querySelectorAll("a, button")]);
  const same = controls.find(({ textContent, ariaLabel }) => textContent === opener.textContent && ariaLabel === opener.ariaLabel);
  (same ?? layer).focus();
}

/**
 * Ask a question. Resolve to true if the user confirms. The harmless choice comes first and has the focus.
 * @param {{title: string, text?: string, yes: string, no?: string}} question
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, yes, no = t("cancel") }) {
  return new Promise((resolve) => {
    let answer = false;
    const accept = () => {
      answer = true;
      dialog.close();
    };
    const keep = h("button", { type: "button", class: "button plain", autofocus: true, onclick: () => dialog.close() }, no);
    const buttons = h("p", { class: "actions" }, keep, h("button", { type: "button", class: "button fatal", onclick: accept }, yes));
    const dialog = openDialog({ title, content: [text && h("p", { class: "quiet" }, text), buttons], name: "question", onClose: () => resolve(answer) });
  });
}

/**
 * Open a dialog with a form. `submit` receives its fields, and the dialog closes when it resolves. Its error is shown.
 * @param {{title: string, fields: import("./dom.js").Child[], yes: string, submit: (data: FormData) => Promise<unknown>}} options
 */
export function openForm({ title, fields, yes, submit }) {
  const fault = new FormFault();
  const save = h("button", { class: "button primary" }, yes);
  const cancel = h("button", { type: "button", class: "button plain", onclick: () => dialog.close() }, t("cancel"));
  const form = h("form", { class: "fields", onsubmit: send }, ...fields, fault.element, h("p", { class: "actions" }, cancel, save));
  const dialog = openDialog({ title, content: [form] });
  /** @type {HTMLElement | null} */ (form.querySelector("input, textarea, select"))?.focus();
  return dialog;

  /** @param {SubmitEvent} event */
  async function send(event) {
    event.preventDefault();
    if (save.disabled) return;
    save.disabled = true;
    fault.clear(form);
    try {
      await submit(new FormData(form));
      dialog.close();
    } catch (error) {
      fault.show(error, form);
    } finally {
      save.disabled = false;
    }
  }
}

/**
 * @typedef {{label: string, icon: import("./icons.js").IconName, run: () => void, isDanger?: boolean}} MenuItem
 */

/**
 * Open a menu at a button. Dangerous items come last, behind a line.
 * @param {HTMLElement} button
 * @param {MenuItem[]} items
 */
export function openMenu(button, items) {
  const menu = h("div", { class: "menu", role: "menu", popover: "auto", onkeydown: step }, items.map(entry));
  // Beside its button, the menu is in the same landmark and in the same dialog.
  button.after(menu);
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "closed") menu.remove();
  });
  menu.showPopover();
  place(menu, button.getBoundingClientRect());
  /** @type {HTMLElement} */ (menu.firstElementChild).focus();

  /** @param {MenuItem} item */
  function entry({ label, icon: name, run, isDanger = false }) {
    const pick = () => {
      menu.hidePopover();
      button.focus();
      run();
    };
    return h("button", { type: "button", role: "menuitem", class: isDanger ? "danger" : "", onclick: pick }, icon(name), label);
  }

  /** @param {KeyboardEvent} event */
  function step(event) {
    const entries = /** @type {HTMLElement[]} */ ([...menu.children]);
    const at = entries.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    entries.at(to % entries.length)?.focus();
  }
}

/** @param {HTMLElement} menu @param {DOMRect} anchor */
function place(menu, anchor) {
  const { width, height } = menu.getBoundingClientRect();
  const below = anchor.bottom + 4;
  menu.style.left = `${Math.max(8, Math.min(anchor.right - width, innerWidth - width - 8))}px`;
  menu.style.top = `${below + height < innerHeight ? below : Math.max(8, anchor.top - height - 4)}px`;
}

/** @param {MouseEvent} event @param {HTMLElement} element */
function isOutside({ clientX, clientY }, element) {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}
