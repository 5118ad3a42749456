/** Uploads and their files in IndexedDB, so that they survive a reload. */

import { LEFT, remember } from "../core/preferences.js";

const NAME = "photoshare.uploads";
/** @type {Promise<IDBDatabase> | null} */
let opened = null;

/** @typedef {import("./queue.js").Upload} Upload */
/** Files that were added before a sign-in. @typedef {{id: string, addedAt: number, from: string, files: File[]}} Draft */

/** Store an upload, and its file if it is given. Throws if the browser blocks storage or the disk is full. @param {Upload} upload @param {File} [file] */
export async function keepUpload(upload, file) {
  remember(LEFT, "yes");
  await write(["uploads", "files"], (uploads, files) => {
    uploads.put(upload);
    if (file) files.put(file, upload.id);
  });
}

/** Forget an upload and its file. @param {string} id */
export async function dropUpload(id) {
  await write(["uploads", "files"], (uploads, files) => {
    uploads.delete(id);
    files.delete(id);
  });
}

/** Return the uploads of an account. @param {string} userId @returns {Promise<Upload[]>} */
export async function loadUploads(userId) {
  /** @type {Upload[]} */
  const uploads = await query("uploads", (store) => store.getAll());
  return uploads.filter((upload) => upload.userId === userId);
}

/** @param {string} id @returns {Promise<File | undefined>} */
export async function loadFile(id) {
  return query("files", (store) => store.get(id));
}

/** @param {Draft} draft */
export async function keepDraft(draft) {
  remember(LEFT, "yes");
  await write(["drafts"], (drafts) => void drafts.put(draft));
}

/** Return all drafts, and forget them. @returns {Promise<Draft[]>} */
export async function takeDrafts() {
  /** @type {IDBRequest<Draft[]> | undefined} */
  let drafts;
  // One transaction, so that no draft is taken twice.
  await write(["drafts"], (store) => {
    drafts = store.getAll();
    store.clear();
  });
  return drafts?.result ?? [];
}

/** Forget that there are uploads, if there are none. */
export async function clearMark() {
  const count = await query("uploads", (store) => store.count());
  if (!count) remember(LEFT, null);
}

/**
 * @param {string[]} names
 * @param {(...stores: IDBObjectStore[]) => void} change
 * @returns {Promise<void>}
 */
async function write(names, change) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(names, "readwrite");
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
    change(...names.map((name) => transaction.objectStore(name)));
  });
}

/** @param {string} name @param {(store: IDBObjectStore) => IDBRequest} read @returns {Promise<any>} */
async function query(name, read) {
  const database = await open();
  return settle(read(database.transaction(name).objectStore(name)));
}

function open() {
  opened ??= connect().catch((error) => {
    opened = null;
    throw error;
  });
  return opened;
}

/** @returns {Promise<IDBDatabase>} */
async function connect() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("uploads", { keyPath: "id" });
    request.result.createObjectStore("files");
    request.result.createObjectStore("drafts", { keyPath: "id" });
  };
  const database = await settle(request);
  // The browser closes the connection if the user deletes the data of the page.
  database.onclose = () => { opened = null; };
  return database;
}

/** @template Result @param {IDBRequest<Result>} request @returns {Promise<Result>} */
function settle(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
