/** Small pictures of files. Each is made when it comes near the screen. */

import { h } from "../core/dom.js";
import { icon } from "../core/icons.js";

const SIDE = 160;
// A decoded photo takes up to 100 MB until it is scaled.
const PARALLEL = 2;

export class Thumbnails {
  /** @type {Map<Element, () => Promise<File | undefined>>} */
  #sources = new Map();
  /** @type {Element[]} */
  #waiting = [];
  #running = 0;
  #observer = new IntersectionObserver((entries) => this.#see(entries), { rootMargin: "200px" });

  /** Return the place of a thumbnail. @param {() => Promise<File | undefined>} read */
  build(read) {
    const box = h("span", { class: "thumbnail", ariaHidden: "true" }, icon("library"));
    this.#sources.set(box, read);
    this.#observer.observe(box);
    return box;
  }

  close() {
    this.#observer.disconnect();
    this.#sources.clear();
    this.#waiting = [];
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #see(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting && !this.#waiting.includes(target)) this.#waiting.push(target);
      // What was scrolled past can wait until it is seen again.
      if (!isIntersecting) this.#waiting = this.#waiting.filter((box) => box !== target);
    }
    this.#pump();
  }

  #pump() {
    while (this.#running < PARALLEL && this.#waiting.length) {
      const box = /** @type {Element} */ (this.#waiting.shift());
      const read = this.#sources.get(box);
      if (!read) continue;
      this.#observer.unobserve(box);
      this.#sources.delete(box);
      this.#running++;
      void this.#draw(box, read).finally(() => {
        this.#running--;
        this.#pump();
      });
    }
  }

  /** @param {Element} box @param {() => Promise<File | undefined>} read */
  async #draw(box, read) {
    try {
      const file = await read();
      if (!file) return;
      const bitmap = await createImageBitmap(file, { resizeWidth: SIDE, resizeQuality: "medium" });
      const canvas = h("canvas", { width: bitmap.width, height: bitmap.height });
      canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
      bitmap.close();
      box.replaceChildren(canvas);
    } catch {
      // The browser cannot show the format, for example HEIC. The icon stays.
    }
  }
}
