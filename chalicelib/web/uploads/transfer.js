/** The upload of one file: hash, grant, send, confirm. */

import { ApiError } from "../core/http.js";

const GRANT_MARGIN = 10_000;
const MAX_ROUNDS = 3;
// S3 shows an object as soon as it is stored. The waits are for a request that is still being sent.
const ABSENCES = [500, 1_500, 0];
const LARGE_PHOTO_PAUSE = 2_000;
// A large photo takes at most a minute for each of three attempts.
const LONGEST_PROCESSING = 180_000;

/** @typedef {import("./queue.js").Upload} Upload */
/**
 * What a transfer needs of its surroundings.
 * @typedef {object} Tools
 * @property {(method: string, path: string, options?: import("../core/http.js").Options) => Promise<any>} call
 * @property {(grant: import("./queue.js").StoredGrant, file: File, report: (part: number) => void) => Promise<number>} put returns the status, or 0 without a response
 * @property {(changes: Partial<Upload>) => void} keep changes the upload and stores it
 * @property {(part: number) => void} report
 * @property {(sha256: string) => Promise<() => void>} takeTurn waits for other uploads of the same bytes, and returns the end of the turn
 * @property {(milliseconds: number) => Promise<void>} sleep
 */

/**
 * Upload a file. A retry continues at the stored progress, so it creates no second photo.
 * Return the photo, and whether it was in the library before. Throws ApiError, or AbortError if the upload is cancelled.
 * @param {Upload} upload
 * @param {File} file
 * @param {Tools} tools
 * @returns {Promise<{photo: Photo, isDuplicate: boolean}>}
 */
export async function transfer(upload, file, tools) {
  if (!upload.sha256) {
    tools.keep({ state: "hashing" });
    tools.keep({ sha256: await hash(file) });
  }
  const endTurn = await tools.takeTurn(/** @type {string} */ (upload.sha256));
  try {
    return await bring(upload, file, tools);
  } finally {
    endTurn();
  }
}

/** @param {Upload} upload @param {File} file @param {Tools} tools */
async function bring(upload, file, tools) {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (!upload.grant) {
      const known = await ask(upload, tools);
      if (known) return known;
    }
    const isValid = upload.grant && upload.grant.endsAt > Date.now() + GRANT_MARGIN;
    if (!upload.isStored && isValid) await store(upload, file, tools);
    tools.keep({ state: "processing" });
    const photo = await confirm(upload, tools);
    if (photo) return { photo, isDuplicate: false };
    await abandon(upload, tools);
  }
  throw new ApiError(503, { error: "NotStored", message: "The storage rejected the file." });
}

/** Ask for a grant. Return the photo instead if the library has it. @param {Upload} upload @param {Tools} tools */
async function ask({ name, type, size, sha256, choices, key, granted }, { call, keep }) {
  keep({ state: "sending", sent: 0 });
  const { albumId, ...fields } = choices;
  const body = { filename: name, contentType: type || undefined, size, sha256, ...fields, albumId: albumId ?? undefined, metadata: "import" };
  const answer = await call("POST", "upload", { body, headers: { "Idempotency-Key": key } }).catch((error) => {
    throw albumId && error.code === "NotFound" ? new ApiError(404, { error: "AlbumGone", message: error.message }) : error;
  });
  if (answer.duplicate) return findDuplicate(answer.photoId);
  const { photoId, uploadUrl, method, headers, expiresIn } = answer;
  keep({ grant: { photoId, uploadUrl, method, headers, endsAt: Date.now() + expiresIn * 1000 }, granted: [...granted, photoId] });
  return null;

  /** @param {string} photoId */
  async function findDuplicate(photoId) {
    // The answer to this key stays the same for a day, even if the photo is erased.
    keep({ key: crypto.randomUUID() });
    const photo = await call("GET", `photos/${photoId}`).catch((error) => {
      throw error.code === "NotFound" ? new ApiError(409, { error: "Conflict", message: error.message }) : error;
    });
    // The choice of an album is for all files, including those that the library has.
    if (albumId) await call("PUT", `albums/${albumId}/photos/${photoId}`, { body: {} });
    return { photo, isDuplicate: !granted.includes(photoId) };
  }
}

/** @param {Upload} upload @param {File} file @param {Tools} tools */
async function store({ grant }, file, { put, keep, report }) {
  if (!grant) return;
  keep({ state: "sending", sent: 0 });
  const status = await put(grant, file, report);
  // Status 412: an earlier attempt has already stored the file.
  if (status === 412 || (status >= 200 && status < 300)) return keep({ isStored: true, sent: 1 });
  // After other refusals, the confirmation says whether an earlier attempt has stored the file.
  if (status >= 400 && status < 500) return undefined;
  if (!status) await requireReadable(file);
  throw new ApiError(status, { error: status ? "NotStored" : "Unreachable", message: "The connection was lost." });
}

/** Confirm the upload. Return null if its bytes or its photo are missing. @param {Upload} upload @param {Tools} tools @returns {Promise<Photo | null>} */
async function confirm({ grant }, { call, sleep }) {
  const path = `photos/${grant?.photoId}`;
  for (const pause of ABSENCES) {
    try {
      const photo = await call("POST", `${path}/complete`);
      return photo.status === "pending" ? await poll(path, { call, sleep }) : photo;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "NotFound") return null;
      if (error.code !== "NotUploaded") throw error;
    }
    await sleep(pause);
  }
  return null;
}

/** Wait for a photo that is too large to be confirmed by a request. @param {string} path @param {Pick<Tools, "call" | "sleep">} tools */
async function poll(path, { call, sleep }) {
  for (let waited = 0; waited < LONGEST_PROCESSING; waited += LARGE_PHOTO_PAUSE) {
    await sleep(LARGE_PHOTO_PAUSE);
    const photo = await call("GET", path);
    if (photo.status === "rejected") throw new ApiError(422, { error: photo.rejection, message: `The photo was rejected (${photo.rejection}).` });
    if (photo.status !== "pending") return photo;
  }
  throw new ApiError(503, { error: "Processing", message: "The photo is still being processed." });
}

/** Give the grant up, and erase its photo, which has no bytes. @param {Upload} upload @param {Tools} tools */
async function abandon({ grant }, { call, keep }) {
  keep({ grant: null, isStored: false, sent: 0, key: crypto.randomUUID() });
  // The photo disappears by itself if this request fails.
  await call("DELETE", `photos/${grant?.photoId}`, { query: { permanent: true } }).catch(() => {});
}

/** @param {File} file */
async function hash(file) {
  const bytes = await file.arrayBuffer().catch(() => {
    throw unreadable();
  });
  if (!bytes.byteLength) throw new ApiError(422, { error: "Truncated", message: "The file is empty." });
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A file that was moved or changed on the disk fails like a lost connection. @param {File} file */
async function requireReadable(file) {
  await file.slice(0, 1).arrayBuffer().catch(() => {
    throw unreadable();
  });
}

function unreadable() {
  return new ApiError(0, { error: "Unreadable", message: "The file cannot be read." });
}
