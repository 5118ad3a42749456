/** One file's way from the disk to a photo. */

import { ApiError, request } from "./api.js";

const MAX_BYTES = 50_000_000;
const BY_EXTENSION = {
  jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", webp: "image/webp", gif: "image/gif",
  tif: "image/tiff", tiff: "image/tiff", heic: "image/heic", heif: "image/heif", hif: "image/heif", avif: "image/avif",
};
const TYPES = Object.values(BY_EXTENSION);
// The browser sets these itself, and scolds in the console whoever tries.
const FORBIDDEN = /^(content-length|host)$/i;
const PAUSES = [500, 1_000, 2_000, 3_000, 5_000, 8_000, 13_000, 20_000];
// Storage shows an object as soon as it is sent: one that is absent for longer will not come.
const LONGEST_ABSENCE = 2_000;
const LONGEST_PAUSE = 30_000;
const REASONS = {
  UnsupportedType: "Only JPEG, PNG, WebP, GIF, TIFF, HEIC and AVIF photos can be uploaded.",
  NotAnImage: "This file is not a photo.",
  TypeMismatch: "The file is of another type than it claims.",
  TooManyBytes: "The file is larger than 50 MB.",
  TooManyPixels: "The photo has too many pixels.",
  Truncated: "The photo is incomplete: its end is missing.",
  Damaged: "The photo is damaged.",
  DecompressionBomb: "The photo would take too long to open.",
  SizeMismatch: "The file changed on its way. Add it again.",
  ChecksumMismatch: "The file changed on its way. Add it again.",
};

/** Remembers how far it came, so that a retry goes on from there and no photo is made twice. */
export class Transfer {
  #file;
  #visibility;
  #report;
  #abort = new AbortController();
  #sha256 = null;
  #idempotencyKey = crypto.randomUUID();
  #grant = null;
  #sent = false;

  /** `report(state, fraction)` is told of each step, and of progress in sending. */
  constructor(file, visibility, report) {
    this.#file = file;
    this.#visibility = visibility;
    this.#report = report;
  }

  /** The photo, or {photoId, duplicate: true}. Raises ApiError, or AbortError once cancelled. */
  async run() {
    if (!this.#sent) {
      check(this.#file);
      this.#report("hashing");
      this.#sha256 ??= await sha256(this.#file);
      this.#report("uploading", 0);
      if (!this.#grant || Date.now() > this.#grant.endsAt) {
        const answer = await this.#ask();
        if (answer.duplicate) return answer;
        this.#grant = { ...answer, endsAt: Date.now() + answer.expiresIn * 1000 };
      }
      await this.#send();
    }
    this.#report("processing");
    return this.#complete();
  }

  /** Stops, and takes back what may already have arrived. */
  cancel() {
    this.#abort.abort();
    if (this.#grant) request("DELETE", `photos/${this.#grant.photoId}`, { query: { permanent: true } }).catch(() => {});
  }

  async #ask() {
    const { name: filename, size } = this.#file;
    const answer = await request("POST", "upload", {
      body: { filename, contentType: typeOf(this.#file), size, sha256: this.#sha256, visibility: this.#visibility },
      headers: { "Idempotency-Key": this.#idempotencyKey },
      signal: this.#abort.signal,
    });
    this.#idempotencyKey = crypto.randomUUID();
    return answer;
  }

  async #send() {
    const status = await put(this.#grant, this.#file, this.#abort.signal, (fraction) => this.#report("uploading", fraction));
    // 412: an earlier attempt had arrived after all.
    this.#sent = status === 412 || (status >= 200 && status < 300);
    if (this.#sent) return;
    if (status >= 400 && status < 500) this.#grant = null;
    throw new ApiError(status, {
      error: "NotStored",
      message: status ? `The storage refused the file (status ${status}).` : "The connection was lost.",
    });
  }

  /** Confirms, and asks again while the answer is lost, late or not yet. */
  async #complete() {
    const path = `photos/${this.#grant.photoId}`;
    let fault;
    for (const pause of PAUSES) {
      try {
        return await request("POST", `${path}/complete`);
      } catch (error) {
        fault = error;
      }
      const absent = fault.code === "NotUploaded";
      if (fault.status === 422) throw refusal(fault.code, fault.requestId);
      if (!(fault.passing || absent) || (absent && pause > LONGEST_ABSENCE)) break;
      await sleep(Math.min(Math.max(pause, fault.retryAfter * 1000), LONGEST_PAUSE));
      const photo = await request("GET", path).catch(() => null);
      if (photo?.status === "ready") return photo;
      if (photo?.status === "rejected") throw refusal(photo.rejection);
    }
    if ([404, 409].includes(fault.status)) this.#startOver();
    throw fault;
  }

  #startOver() {
    this.#grant = null;
    this.#sent = false;
  }
}

function refusal(code, requestId) {
  return new ApiError(422, { error: code, message: REASONS[code] ?? `The photo was refused (${code}).`, requestId });
}

/** Some browsers know no type for HEIC and AVIF. */
function typeOf({ type, name }) {
  return TYPES.includes(type) ? type : BY_EXTENSION[name.split(".").pop().toLowerCase()];
}

/** Refuses what the service certainly would, before any work. */
function check(file) {
  if (!typeOf(file)) throw refusal("UnsupportedType");
  if (file.size > MAX_BYTES) throw refusal("TooManyBytes");
  if (!file.size) throw refusal("Truncated");
}

async function sha256(file) {
  const bytes = await file.arrayBuffer().catch(() => {
    throw new ApiError(0, { error: "Unreadable", message: "The file cannot be read." });
  });
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The status of the answer, 0 where none came. Only XMLHttpRequest tells of progress in sending. */
function put({ method, uploadUrl, headers }, file, signal, progress) {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(method, uploadUrl);
    for (const [name, value] of Object.entries(headers)) {
      if (!FORBIDDEN.test(name)) xhr.setRequestHeader(name, value);
    }
    xhr.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
    xhr.onload = xhr.onerror = () => resolve(xhr.status);
    signal.addEventListener("abort", () => {
      reject(signal.reason);
      xhr.abort();
    });
    xhr.send(file);
  });
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
