/** Two files with the same bytes must become one photo, so the second upload waits for the first. */

export class Turns {
  /** The last turn of each content. @type {Map<string, Promise<unknown>>} */
  #last = new Map();

  /** Wait for earlier turns of the same content. Return a function that ends this turn. @param {string} content */
  async take(content) {
    const before = this.#last.get(content);
    /** @type {(value?: unknown) => void} */
    let end = () => {};
    const turn = new Promise((resolve) => { end = resolve; });
    this.#last.set(content, Promise.all([before, turn]));
    await before;
    return () => end();
  }
}
