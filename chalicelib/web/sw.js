/** The service worker. Without a network, it answers with the last copies of the page and of its files. */

const CACHE = "page";
const BASE = new URL("./", self.location).href;

self.addEventListener("install", (event) => event.waitUntil(keepPage()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "POST" && request.url === `${BASE}share`) return event.respondWith(keepShared(request));
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => findCopy(BASE)));
  else if (request.url.startsWith(`${BASE}web/`)) event.respondWith(fetchAndKeep(request));
});

async function keepPage() {
  const cache = await caches.open(CACHE);
  await cache.add(BASE);
  await self.skipWaiting();
}

async function fetchAndKeep(request) {
  try {
    const response = await fetch(request);
    if (response.ok) await (await caches.open(CACHE)).put(request, response.clone());
    return response;
  } catch {
    return findCopy(request);
  }
}

async function findCopy(request) {
  return (await caches.match(request)) ?? Response.error();
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
