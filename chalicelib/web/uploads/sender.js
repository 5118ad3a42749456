/** Sends the queue of uploads, and survives outages, ended sessions and reloads. */

import { request } from "../core/api.js";
import { ApiError, isAbort } from "../core/http.js";
import { announce } from "../core/photos.js";
import { session } from "../core/session.js";
import { BatchLocks } from "./batch-locks.js";
import { toFault } from "./faults.js";
import { eraseLeftover } from "./leftovers.js";
import { Outage } from "./pace.js";
import { putFile } from "./put.js";
import { chooseNext, findWakeTime, isLost, isOpen, isRetryable, isRunning, newUpload, prepareRetry, reachesMore, revive, takeFault } from "./queue.js";
import { dropUpload, keepUpload, loadFile, loadUploads } from "./store.js";
import { transfer } from "./transfer.js";
import { Turns } from "./turns.js";

const LONGEST_REQUEST = 60_000;

/** @typedef {import("./queue.js").Upload} Upload */
/** @typedef {import("./queue.js").Choices} Choices */

/** Dispatches "change" when the queue or an upload has changed. */
export class Sender extends EventTarget {
  /** @type {Upload[]} */
  uploads = [];
  isPaused = false;
  outage = new Outage();
  /** The account of the queue. @type {string | null} */
  #userId = null;
  #locks = new BatchLocks();
  /** Files that need not be read from the storage. @type {Map<string, File>} */
  #files = new Map();
  /** Uploads that a reload would lose. @type {Set<string>} */
  #unkept = new Set();
  /** @type {Map<string, AbortController>} */
  #aborts = new Map();
  #turns = new Turns();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  constructor() {
    super();
    session.addEventListener("change", () => this.#follow());
    addEventListener("online", () => this.#hurry());
    addEventListener("beforeunload", (event) => this.#unkept.size && event.preventDefault());
    document.addEventListener("visibilitychange", () => void this.#wakeUp());
  }

  /** True if the account of the queue is signed out. */
  get isSignedOut() {
    return this.#userId !== null && session.userId !== this.#userId;
  }

  /**
   * Add files to the queue of an account.
   * @param {string} userId
   * @param {{file: File, choices: Choices}[]} items
   */
  async add(userId, items) {
    this.#take(userId);
    const batch = crypto.randomUUID();
    await this.#locks.hold(batch);
    const first = (this.uploads.at(-1)?.place ?? -1) + 1;
    const added = items.map(({ file, choices }, number) => newUpload(file, { batch, userId, place: first + number, choices }));
    added.forEach(({ id }, number) => {
      this.#files.set(id, items[number].file);
      this.#unkept.add(id);
    });
    this.uploads.push(...added);
    this.#pump();
    for (const upload of added) await this.#storeFile(upload);
  }

  /** Resume the uploads that an earlier visit or a closed tab of the same account left unfinished. Throw an error if the browser cannot read them. */
  async resume() {
    const { userId } = session;
    if (!userId) return;
    // This frees all locks if the account is new, so it comes before the first lock.
    this.#take(userId);
    try {
      for (const batch of new Set((await loadUploads(userId)).map((upload) => upload.batch))) await this.#adopt(batch, userId);
    } finally {
      this.uploads.sort((a, b) => a.place - b.place);
      this.#pump();
    }
  }

  /** Resume a stored batch, unless another tab sends it. @param {string} batch @param {string} userId */
  async #adopt(batch, userId) {
    if (!(await this.#locks.hold(batch))) return this.#locks.whenFree(batch, () => void this.resume().catch(() => {}));
    // Another tab may have sent photos of the batch until now.
    const stored = await loadUploads(userId).catch((error) => { this.#locks.release(batch); throw error; });
    if (session.userId !== userId) return this.#locks.release(batch);
    for (const upload of stored) if (upload.batch === batch) this.#restore(upload);
  }

  pause() {
    this.isPaused = true;
    this.#report();
  }

  unpause() {
    this.isPaused = false;
    this.#pump();
  }

  /** @param {Upload} upload */
  retry(upload) {
    this.#change(upload, prepareRetry(upload));
    this.#pump();
  }

  retryAll() {
    for (const upload of this.uploads.filter(isRetryable)) this.#change(upload, prepareRetry(upload));
    this.outage.hurry();
    this.#pump();
  }

  /** Cancel uploads that are not finished, and erase the photos that they may have created. @param {Upload[]} uploads */
  cancel(uploads) {
    this.uploads = this.uploads.filter((upload) => !uploads.includes(upload));
    for (const upload of uploads) {
      upload.state = "cancelled";
      this.#aborts.get(upload.id)?.abort();
      this.#files.delete(upload.id);
      this.#unkept.delete(upload.id);
      void eraseLeftover(upload);
    }
    this.#pump();
  }

  /** Forget finished and failed uploads. */
  dismiss() {
    for (const { id, state } of this.uploads) if (state === "failed") void dropUpload(id).catch(() => {});
    this.uploads = this.uploads.filter(isOpen);
    if (!this.uploads.length) {
      this.#files.clear();
      this.#locks.releaseAll();
    }
    this.#report();
  }

  /** The file of an upload, for its thumbnail. @param {Upload} upload */
  async readFile({ id }) {
    return this.#files.get(id) ?? (await loadFile(id).catch(() => undefined));
  }

  /** Tell others that an upload has changed. @param {Upload} upload @param {Partial<Upload>} changes */
  note(upload, changes) {
    Object.assign(upload, changes);
    this.#report();
  }

  #pump() {
    clearTimeout(this.#timer);
    const now = Date.now();
    if (!this.isPaused && !this.isSignedOut && now >= this.outage.until) this.#start(now);
    const times = [findWakeTime(this.uploads, now), now < this.outage.until ? this.outage.until : null].filter((time) => time !== null);
    if (times.length && this.uploads.some(isOpen)) this.#timer = setTimeout(() => this.#pump(), Math.min(...times) - now + 1);
    this.#report();
  }

  /** @param {number} now */
  #start(now) {
    const chosen = chooseNext(this.uploads, now);
    // In an outage, one upload finds out whether the connection is back.
    const isProbing = this.outage.attempts > 0;
    if (isProbing && this.uploads.some(isRunning)) return;
    for (const upload of isProbing ? chosen.slice(0, 1) : chosen) void this.#run(upload);
  }

  /** @param {Upload} upload */
  async #run(upload) {
    const abort = new AbortController();
    this.#aborts.set(upload.id, abort);
    // Count as running from the first moment.
    Object.assign(upload, { state: upload.sha256 ? "sending" : "hashing" });
    try {
      const file = await this.readFile(upload);
      if (!file) throw new ApiError(0, { error: "Unreadable", message: "The file cannot be read." });
      this.#files.set(upload.id, file);
      const { photo, isDuplicate } = await transfer(upload, file, this.#tools(upload, abort.signal));
      this.#settle(upload, photo, isDuplicate);
    } catch (error) {
      if (!isAbort(error) && !abort.signal.aborted) this.#fail(upload, error);
    } finally {
      if (this.#aborts.get(upload.id) === abort) this.#aborts.delete(upload.id);
      this.#pump();
    }
  }

  /** @param {Upload} upload @param {AbortSignal} signal @returns {import("./transfer.js").Tools} */
  #tools(upload, signal) {
    const asUser = upload.userId;
    return {
      call: async (method, path, options) => {
        // Never abort a request for a grant, because only its response names the photo that it creates.
        const signals = path === "upload" ? [] : [signal];
        const limited = AbortSignal.any([...signals, AbortSignal.timeout(LONGEST_REQUEST)]);
        const answer = await request(method, path, { ...options, asUser, signal: limited });
        if (upload.state === "cancelled" && answer?.uploadUrl) void eraseLeftover({ ...upload, grant: answer });
        signal.throwIfAborted();
        this.#noteConnection();
        return answer;
      },
      put: (grant, file, report) => putFile(grant, file, signal, report),
      keep: (changes) => signal.aborted || this.#change(upload, changes),
      report: (sent) => this.note(upload, { sent }),
      takeTurn: (sha256) => this.#turns.take(sha256),
      sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    };
  }

  /** @param {Upload} upload @param {Photo} photo @param {boolean} isDuplicate */
  #settle(upload, photo, isDuplicate) {
    const { photoId, visibility } = photo;
    const shownTo = isDuplicate && reachesMore(visibility, upload.choices.visibility) ? visibility : null;
    this.note(upload, { state: isDuplicate ? "duplicate" : "ready", photoId, shownTo, fault: null });
    this.#unkept.delete(upload.id);
    void dropUpload(upload.id).catch(() => {});
    if (!isDuplicate) announce("arrive", photo);
  }

  /** @param {Upload} upload @param {unknown} error */
  #fail(upload, error) {
    if (this.isSignedOut) return this.#change(upload, { state: "waiting", sent: 0 });
    const fault = toFault(error);
    if (isLost(fault)) this.outage.note(Date.now());
    this.#change(upload, takeFault(upload, fault, Date.now()));
  }

  /** Change an upload, and store it. @param {Upload} upload @param {Partial<Upload>} changes */
  #change(upload, changes) {
    this.note(upload, changes);
    // An upload without its stored file cannot go on after a reload.
    if (!this.#unkept.has(upload.id)) void keepUpload({ ...upload }).catch(() => this.#unkept.add(upload.id));
  }

  /** @param {Upload} upload */
  async #storeFile(upload) {
    const file = this.#files.get(upload.id);
    if (!file || !this.uploads.includes(upload)) return;
    try {
      await keepUpload({ ...upload }, file);
      this.#unkept.delete(upload.id);
      // It may have changed or ended while the file was written.
      if (!this.uploads.includes(upload) || !(isOpen(upload) || upload.state === "failed")) await dropUpload(upload.id);
      else await keepUpload({ ...upload });
    } catch {
      // The disk is full, or the browser blocks storage. A reload asks first.
    }
  }

  /** @param {Upload} upload */
  #restore(upload) {
    if (upload.state === "cancelled") return void eraseLeftover(upload);
    Object.assign(upload, revive(upload));
    if (!this.uploads.some(({ id }) => id === upload.id)) this.uploads.push(upload);
  }

  /** Show the queue of one account only. @param {string} userId */
  #take(userId) {
    if (this.#userId === userId) return;
    for (const abort of this.#aborts.values()) abort.abort();
    this.#locks.releaseAll();
    this.#files.clear();
    this.#unkept.clear();
    this.uploads = [];
    this.#userId = userId;
  }

  /** Follow a sign-in. Another account does not see the queue, which stays stored. */
  #follow() {
    if (session.userId && session.userId !== this.#userId) this.#take(session.userId);
    this.#hurry();
  }

  #hurry() {
    this.outage.hurry();
    this.#pump();
  }

  #noteConnection() {
    if (!this.outage.attempts) return;
    this.outage.end();
    this.#pump();
  }

  /** Another tab may have signed in, or may have left a part of its queue. */
  async #wakeUp() {
    if (document.visibilityState !== "visible") return;
    if (this.isSignedOut && this.uploads.length) await session.renew().catch(() => {});
    // The uploads of this tab go on, so do not ask the user to add them again.
    await this.resume().catch(() => {});
  }

  #report() {
    this.dispatchEvent(new Event("change"));
  }
}
