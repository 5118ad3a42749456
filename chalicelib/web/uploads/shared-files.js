/** Files that another app shares with this one. The service worker leaves them in a cache. */

const CACHE = "shared";

/** Return the files of a share, and forget them. @param {string} id @returns {Promise<File[]>} */
export async function takeSharedFiles(id) {
  const cache = await caches.open(CACHE);
  const files = [];
  for (const request of await cache.keys()) {
    const [share, name] = new URL(request.url).pathname.split("/").slice(-2).map(decodeURIComponent);
    if (share !== id) continue;
    const blob = await (await cache.match(request))?.blob();
    // The number before the name keeps the files of a share apart.
    if (blob) files.push(new File([blob], name.replace(/^\d+-/, ""), { type: blob.type }));
    await cache.delete(request);
  }
  return files;
}
