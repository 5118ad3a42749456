/** Requests that create something once, even if their answer is lost and the user tries again. */

import { request } from "./api.js";

/** Create records of one kind. The same body after a failure has the same Idempotency-Key. */
export class Creation {
  #body = "";
  #key = "";

  /**
   * @param {string} path @param {Record<string, unknown>} body @param {Omit<Parameters<typeof request>[2], "body" | "headers">} [options]
   */
  async send(path, body, options) {
    const text = JSON.stringify([path, body]);
    if (text !== this.#body) [this.#body, this.#key] = [text, crypto.randomUUID()];
    const key = this.#key;
    const created = await request("POST", path, { ...options, body, headers: { "Idempotency-Key": key } });
    // The next request with the same body creates another one.
    if (key === this.#key) this.#body = "";
    return created;
  }
}
