/** Locks that keep two tabs from sending the same uploads. The browser frees them when the tab is closed. */

export class BatchLocks {
  /** @type {Map<string, () => void>} */
  #held = new Map();
  /** @type {Set<string>} */
  #awaited = new Set();

  /** Hold a batch. Return false if this or another tab holds it already. @param {string} batch @returns {Promise<boolean>} */
  hold(batch) {
    if (this.#held.has(batch)) return Promise.resolve(false);
    this.#held.set(batch, () => {});
    return new Promise((resolve, reject) => {
      navigator.locks.request(nameLock(batch), { ifAvailable: true }, (lock) => {
        if (!lock) this.#held.delete(batch);
        resolve(Boolean(lock));
        return lock && new Promise((free) => this.#held.set(batch, () => free(undefined)));
      }).catch(reject);
    });
  }

  /** Call a function when the tab that holds a batch frees it or is closed. @param {string} batch @param {() => void} run */
  whenFree(batch, run) {
    if (this.#held.has(batch) || this.#awaited.has(batch)) return;
    this.#awaited.add(batch);
    void navigator.locks.request(nameLock(batch), () => void this.#awaited.delete(batch)).then(run);
  }

  /** @param {string} batch */
  release(batch) {
    this.#held.get(batch)?.();
    this.#held.delete(batch);
  }

  releaseAll() {
    for (const batch of [...this.#held.keys()]) this.release(batch);
  }
}

/** @param {string} batch */
function nameLock(batch) {
  return `photoshare.upload.${batch}`;
}
