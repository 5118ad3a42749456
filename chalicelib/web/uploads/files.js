/** The photos among files and folders that the user has chosen or dropped. */

const TYPES = /^image\/(avif|gif|hei[cf](-sequence)?|jpe?g|pjpeg|png|tiff|webp)$/i;
const EXTENSIONS = /\.(avif|gif|heic|heif|hif|jfif|jpe?g|png|tiff?|webp)$/i;
// Systems write these files into folders without the user's knowledge.
const HIDDEN = /^(\.|thumbs\.db$|desktop\.ini$)/i;
const MAX_BYTES = 200_000_000;

/** The input of file choosers. Browsers leave out HEIC without the extension. */
export const ACCEPT = "image/avif,image/gif,image/heic,image/heif,image/jpeg,image/png,image/tiff,image/webp,.heic,.heif";

/**
 * @typedef {{name: string, type: string, size: number}} FileFacts
 */

/**
 * Divide files into photos, and those that are left out.
 * @template {FileFacts} File
 * @param {File[]} files
 * @returns {{photos: File[], others: number, large: number}}
 */
export function sortFiles(files) {
  const shown = files.filter(({ name }) => !HIDDEN.test(name));
  // The type is empty for HEIC files in many browsers.
  const images = shown.filter(({ type, name }) => (type ? TYPES.test(type) : EXTENSIONS.test(name)));
  const photos = images.filter(({ size }) => size <= MAX_BYTES);
  return { photos, others: shown.length - images.length, large: images.length - photos.length };
}

/**
 * Return the files of dropped entries, including those in folders, in the order of their paths.
 * @param {FileSystemEntry[]} entries
 * @returns {Promise<File[]>}
 */
export async function readEntries(entries) {
  /** @type {File[]} */
  const files = [];
  for (const entry of entries) {
    if (entry.isFile) files.push(...(await readFile(/** @type {FileSystemFileEntry} */ (entry))));
    else files.push(...(await readEntries(await readFolder(/** @type {FileSystemDirectoryEntry} */ (entry)))));
  }
  return files;
}

/** A file that cannot be read is left out. @param {FileSystemFileEntry} entry @returns {Promise<File[]>} */
function readFile(entry) {
  return new Promise((resolve) => entry.file((file) => resolve([file]), () => resolve([])));
}

/** @param {FileSystemDirectoryEntry} folder */
async function readFolder(folder) {
  const reader = folder.createReader();
  /** @type {FileSystemEntry[]} */
  const entries = [];
  // Each call returns at most 100 entries.
  for (;;) {
    const part = await /** @type {Promise<FileSystemEntry[]>} */ (new Promise((resolve) => reader.readEntries(resolve, () => resolve([]))));
    if (!part.length) return entries.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
    entries.push(...part);
  }
}

/** Return the folder that holds all files, or "". @param {File[]} files */
export function findFolder(files) {
  const folders = new Set(files.map(({ webkitRelativePath }) => webkitRelativePath.split("/").slice(0, -1)[0] ?? ""));
  return folders.size === 1 ? [...folders][0] : "";
}
