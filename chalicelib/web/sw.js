/** The service worker. Without a network, it answers with the last copies of the page and of its files. */

const CACHE = "page";
const BASE = new URL("./", self.location).href;

self.addEventListener("install", (event) => event.waitUntil(keepPage()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
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
