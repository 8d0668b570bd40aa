// Lets the phone's page open without a connection. FILES and VERSION are put before this by the
// server; they change with each version, and with them this worker. Photos and orders never pass here: the page keeps them.
const PAGE = "/phone";
const CACHE = `packwitness-${VERSION}`;

// A page that led to the sign-in is not the page.
const keepPage = async (answer) => {
  const cache = await caches.open(CACHE);
  if (answer.ok && !answer.redirected) await cache.put(PAGE, answer.clone());
  else if (answer.redirected || answer.type === "opaqueredirect") await cache.delete(PAGE);
  return answer;
};

self.addEventListener("install", (event) => {
  const fill = async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(FILES);
    await keepPage(await fetch(PAGE, { credentials: "same-origin" }));
    await self.skipWaiting();
  };
  event.waitUntil(fill());
});

self.addEventListener("activate", (event) => {
  const tidy = async () => {
    const names = await caches.keys();
    const old = names.filter((one) => one.startsWith("packwitness-") && one !== CACHE);
    await Promise.all(old.map((one) => caches.delete(one)));
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

const page = async (request) => {
  try {
    return await keepPage(await fetch(request));
  } catch (error) {
    const kept = await caches.match(PAGE);
    if (kept) return kept;
    throw error;
  }
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname;
  if (request.method !== "GET") return;
  if (request.mode === "navigate" && path === PAGE) event.respondWith(page(request));
  else if (FILES.includes(path)) {
    event.respondWith(caches.match(path).then((kept) => kept ?? fetch(request)));
  }
});
