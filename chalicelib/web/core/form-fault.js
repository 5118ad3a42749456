/** The error of a form: its text, and the fields that it is about. */

import { fill, h } from "./dom.js";
import { Complaint, explain } from "./errors.js";
import { ApiError } from "./http.js";

/** The names of the fields that the code of an error is about. @type {Record<string, string[]>} */
const FIELDS = {
  AlreadyRegistered: ["email"],
  InvalidCode: ["code"],
  InvalidCredentials: ["email", "password", "current"],
  InvalidPassword: ["password", "next"],
};

/** The place in a form that says why it was not accepted. */
export class FormFault {
  element = h("p", { class: "error", role: "alert", id: `fault-${crypto.randomUUID()}` });

  /** Show an error, and mark its fields until they change. @param {unknown} error @param {HTMLFormElement} form */
  show(error, form) {
    fill(this.element, explain(error));
    const names = error instanceof ApiError ? FIELDS[error.code] ?? [] : error instanceof Complaint ? error.fields : [];
    for (const name of names) {
      const field = form.elements.namedItem(name);
      if (field instanceof HTMLInputElement) this.#mark(field);
    }
  }

  /** @param {HTMLFormElement} form */
  clear(form) {
    fill(this.element);
    form.querySelectorAll("[aria-invalid]").forEach(unmark);
  }

  /** @param {HTMLInputElement} field */
  #mark(field) {
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", this.element.id);
    field.addEventListener("input", () => unmark(field), { once: true });
  }
}

/** @param {Element} field */
function unmark(field) {
  field.removeAttribute("aria-invalid");
  field.removeAttribute("aria-describedby");
}
