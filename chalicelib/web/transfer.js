/** The upload of one file. */

import { ApiError, request } from "./api.js";

const MAX_BYTES = 200_000_000;
// The browser sets these headers itself, and logs an error if a script sets them.
const FORBIDDEN = /^(content-length|host)$/i;
const PAUSES = [500, 1_000, 2_000, 3_000, 5_000, 8_000, 13_000, 20_000];
// S3 shows an object as soon as it is uploaded. An object that is missing for longer was not stored.
const LONGEST_ABSENCE = 2_000;
const LONGEST_PAUSE = 30_000;
// A large photo takes at most a minute for each of three attempts.
const LARGE_PHOTO_PAUSE = 2_000;
const LONGEST_PROCESSING = 180_000;
const REASONS = {
  UnsupportedType: "Only JPEG, PNG, WebP, GIF, TIFF, HEIC and AVIF photos can be uploaded.",
  NotAnImage: "This file is not a photo.",
  TooManyBytes: "The file is larger than 200 MB.",
  TooManyPixels: "The photo has too many pixels.",
  Truncated: "The photo is incomplete.",
  Damaged: "The photo is damaged.",
  UnsupportedVariant: "This variant of the format is not supported. Save the photo as a JPEG or PNG, and upload that.",
  DecompressionBomb: "The photo would take too long to open.",
  SizeMismatch: "The file changed during the upload. Add it again.",
  ChecksumMismatch: "The file changed during the upload. Add it again.",
};

/** An upload with its progress. A retry resumes from the stored progress, so that it creates no second photo. */
export class Transfer {
  #file;
  #visibility;
  #report;
  #abort = new AbortController();
  #sha256 = null;
  #idempotencyKey = crypto.randomUUID();
  #grant = null;
  #sent = false;

  /** Call `report(state, fraction)` on each step, and on progress while sending. */
  constructor(file, visibility, report) {
    this.#file = file;
    this.#visibility = visibility;
    this.#report = report;
  }

  /** Upload the file. Return the photo, or {photoId, duplicate: true}. Throws ApiError, or AbortError after `cancel`. */
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

  /** Cancel the upload, and delete the photo that it may have created. */
  cancel() {
    this.#abort.abort();
    if (this.#grant) request("DELETE", `photos/${this.#grant.photoId}`, { query: { permanent: true } }).catch(() => {});
  }

  async #ask() {
    const { name: filename, size } = this.#file;
    const answer = await request("POST", "upload", {
      body: { filename, contentType: this.#file.type, size, sha256: this.#sha256, visibility: this.#visibility },
      headers: { "Idempotency-Key": this.#idempotencyKey },
      signal: this.#abort.signal,
    });
    this.#idempotencyKey = crypto.randomUUID();
    return answer;
  }

  async #send() {
    const status = await put(this.#grant, this.#file, this.#abort.signal, (fraction) => this.#report("uploading", fraction));
    // Status 412: an earlier attempt has already stored the file.
    this.#sent = status === 412 || (status >= 200 && status < 300);
    if (this.#sent) return;
    if (status >= 400 && status < 500) this.#grant = null;
    throw new ApiError(status, {
      error: "NotStored",
      message: status ? `The storage rejected the file (status ${status}).` : "The connection was lost.",
    });
  }

  /** Confirm the upload. Retry after server errors and lost responses, and for a short time if the object is missing. */
  async #complete() {
    const path = `photos/${this.#grant.photoId}`;
    let fault;
    for (const pause of PAUSES) {
      try {
        const photo = await request("POST", `${path}/complete`);
        // Without `await`, so that a failure does not repeat this request.
        return photo.status === "pending" ? this.#poll(path) : photo;
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

  /** Wait for a photo that is too large to be confirmed by a request. */
  async #poll(path) {
    for (let waited = 0; waited < LONGEST_PROCESSING; waited += LARGE_PHOTO_PAUSE) {
      await sleep(LARGE_PHOTO_PAUSE);
      const photo = await request("GET", path).catch(() => null);
      if (photo?.status === "ready") return photo;
      if (photo?.status === "rejected") throw refusal(photo.rejection);
    }
    throw new ApiError(0, { error: "Processing", message: "The photo is still being processed. Retry in a few minutes." });
  }

  #startOver() {
    this.#grant = null;
    this.#sent = false;
  }
}

function refusal(code, requestId) {
  return new ApiError(422, { error: code, message: REASONS[code] ?? `The photo was rejected (${code}).`, requestId });
}

/** Reject files early that the service would reject. The type is empty for HEIC files in many browsers. */
function check(file) {
  if (file.type && !file.type.startsWith("image/")) throw refusal("UnsupportedType");
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

/** Send the file. Return the response status, or 0 without a response. Only XMLHttpRequest reports upload progress. */
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
