/** The service worker. It opens the page without a network, and takes the files that other apps share. */

/** The files of this release by their path below `web`, with their ETags. The service fills them in. @type {{id: string, files: Record<string, string>}} */
const RELEASE = { id: "", files: {} };
const CACHE = `page-${RELEASE.id}`;
const BASE = new URL("./", self.location).href;
const WEB = `${BASE}web/`;

self.addEventListener("install", (event) => event.waitUntil(keepFirstView()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "POST" && request.url === `${BASE}share`) return event.respondWith(keepShared(request));
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => findCopy(BASE)));
  else if (request.url.startsWith(WEB)) event.respondWith(fetchFile(request));
});

/** Keep copies of the document and of all files that it names. This fails if a newer release answers meanwhile. */
async function keepFirstView() {
  const page = await fetch(BASE);
  const names = [...(await page.clone().text()).matchAll(/(?:href|src)="([^"]+)"/g)].map(([, name]) => new URL(name, BASE).href);
  const cache = await caches.open(CACHE);
  await Promise.all(names.filter((url) => url.startsWith(WEB)).map((url) => keepFile(cache, url)));
  await cache.put(BASE, page);
}

/** The page has just loaded the file, so the browser's own cache may have it. @param {Cache} cache @param {string} url */
async function keepFile(cache, url) {
  const known = await fetch(url, { cache: "force-cache" });
  const response = isOfRelease(known) ? known : await fetch(url, { cache: "no-cache" });
  if (!isOfRelease(response)) throw new Error(`${url} belongs to another release`);
  await cache.put(url, response);
}

/** Delete the copies of older releases. A new worker starts when no page uses the old one, so no page mixes two releases. */
async function takeOver() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("page") && name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** Prefer the network, so that a page is never older than the service. @param {Request} request */
async function fetchFile(request) {
  try {
    const response = await fetch(request);
    if (isOfRelease(response)) await (await caches.open(CACHE)).put(request, response.clone());
    return response;
  } catch {
    return findCopy(request);
  }
}

/** Copies of another release would not fit the copies of this one. @param {Response} response */
function isOfRelease({ ok, url, headers }) {
  return ok && headers.get("ETag")?.replace(/^W\//, "") === RELEASE.files[url.slice(WEB.length)];
}

/** @param {Request | string} request */
async function findCopy(request) {
  return (await (await caches.open(CACHE)).match(request)) ?? Response.error();
}

/** Keep the files that another app shares, and open the page, which asks what to do with them. */
async function keepShared(request) {
  try {
    const files = [...(await request.formData()).values()].filter((value) => value instanceof File);
    const id = self.crypto.randomUUID();
    const cache = await caches.open("shared");
    const store = (file, number) => cache.put(`${BASE}shared/${id}/${number}-${encodeURIComponent(file.name)}`, new Response(file));
    await Promise.all(files.map(store));
    return Response.redirect(`${BASE}library?shared=${id}`, 303);
  } catch {
    return Response.redirect(`${BASE}library?shared=missed`, 303);
  }
}
