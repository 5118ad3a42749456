/** The slideshow: the next photo every five seconds, until the user does something. */

const PAUSE = 5_000;

/** Dispatches "change" when it starts or stops. */
export class Slideshow extends EventTarget {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Promise<WakeLockSentinel | null> | null} */
  #lock = null;
  #next;
  isRunning = false;

  /** @param {() => Promise<boolean>} next shows the next photo, and resolves to false at the end of the list */
  constructor(next) {
    super();
    this.#next = next;
  }

  start() {
    this.isRunning = true;
    // The screen of a phone would turn off.
    this.#lock = "wakeLock" in navigator ? navigator.wakeLock.request("screen").catch(() => null) : null;
    this.#wait();
    this.dispatchEvent(new Event("change"));
  }

  stop() {
    if (!this.isRunning) return;
    this.isRunning = false;
    clearTimeout(this.#timer);
    void this.#lock?.then((lock) => lock?.release());
    this.dispatchEvent(new Event("change"));
  }

  /** Stop when the user does something. The button and the key of the slideshow do that themselves. @param {HTMLElement} element */
  stopAtInput(element) {
    const stop = (/** @type {Event} */ event) => {
      const isOwnButton = event.target instanceof Element && event.target.closest('[data-name="pause"]');
      if (!isOwnButton && !(event instanceof KeyboardEvent && event.key === "s")) this.stop();
    };
    for (const type of ["pointerdown", "keydown", "wheel"]) element.addEventListener(type, stop, { passive: true });
  }

  /** Count again from now, because a photo has just appeared. */
  restart() {
    if (this.isRunning) this.#wait();
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      const hasNext = await this.#next().catch(() => false);
      if (!this.isRunning) return;
      if (hasNext) this.#wait();
      else this.stop();
    }, PAUSE);
  }
}
