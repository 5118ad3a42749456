/** Hide the controls while the user neither moves the pointer nor uses the keyboard. */

const PAUSE = 3_000;

export class Idle {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #dialog;
  #isPaused;

  /**
   * The dialog gets the class `idle`.
   * @param {HTMLDialogElement} dialog
   * @param {() => boolean} isPaused returns whether the controls must stay
   */
  constructor(dialog, isPaused) {
    this.#dialog = dialog;
    this.#isPaused = isPaused;
    // A touch has its own meaning: a tap on the photo shows or hides the controls.
    dialog.addEventListener("pointermove", (event) => event.pointerType === "mouse" && this.wake());
    for (const type of ["keydown", "focusin"]) dialog.addEventListener(type, () => this.wake());
    dialog.addEventListener("close", () => clearTimeout(this.#timer));
  }

  get isIdle() {
    return this.#dialog.classList.contains("idle");
  }

  wake() {
    this.#dialog.classList.remove("idle");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.sleep(), PAUSE);
  }

  sleep() {
    if (this.#isPaused() || this.#hasFocus() || this.#dialog.querySelector(".viewer-control:hover")) this.wake();
    else this.#dialog.classList.add("idle");
  }

  /** Hide the controls at once, or show them. */
  toggle() {
    if (this.isIdle) this.wake();
    else this.#dialog.classList.add("idle");
  }

  #hasFocus() {
    const focused = document.activeElement;
    return Boolean(focused?.closest(".viewer-control") && focused.matches(":focus-visible"));
  }
}
