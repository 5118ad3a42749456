/** When to retry, and how long the rest takes. */

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;
const SPAN = 20_000;
const SHORTEST_SPAN = 2_000;

/**
 * Return the milliseconds to wait before the next attempt. The pause doubles, and is spread so that requests do not
 * come all at once.
 * @param {number} attempts the number of failed attempts, at least 1
 * @param {number} [retryAfter] the seconds that the service asks for
 * @param {() => number} [random]
 */
export function computePause(attempts, retryAfter = 0, random = Math.random) {
  const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1));
  return Math.max(pause * (0.5 + random() / 2), retryAfter * 1000);
}

/** The speed of the last seconds. */
export class Pace {
  /** @type {{time: number, bytes: number}[]} */
  #marks = [];

  /** Note how many bytes have been sent in all. @param {number} bytes @param {number} time in milliseconds */
  note(bytes, time) {
    const last = this.#marks.at(-1);
    // Bytes are subtracted if an upload fails or is cancelled. The speed before that says nothing.
    if (last && bytes < last.bytes) this.#marks = [];
    this.#marks.push({ time, bytes });
    while (this.#marks.length > 2 && time - this.#marks[0].time > SPAN) this.#marks.shift();
  }

  /** Forget the past, for example after a pause. */
  restart() {
    this.#marks = [];
  }

  /** Return the seconds that the remaining bytes take, or null if the speed is not known yet. @param {number} remaining */
  secondsLeft(remaining) {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (!last || last.time - first.time < SHORTEST_SPAN || last.bytes <= first.bytes) return null;
    return (remaining * (last.time - first.time)) / (last.bytes - first.bytes) / 1000;
  }
}

/** The connection is lost for all uploads at once, so one of them tries for all. */
export class Outage {
  attempts = 0;
  /** The time of the next attempt. */
  until = 0;

  /** @param {number} now @param {() => number} [random] */
  note(now, random) {
    // Uploads that were under way together fail together. That is one failure.
    if (now < this.until) return;
    this.attempts++;
    this.until = now + computePause(this.attempts, 0, random);
  }

  /** Try again at once, because the connection may be back. */
  hurry() {
    this.until = 0;
  }

  end() {
    this.attempts = 0;
    this.until = 0;
  }
}
