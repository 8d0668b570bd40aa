// Keeps the page up to date. The server tells by an event stream what has changed; the parts of the
// page that show it are fetched anew and merged in place, so that focus and pointer stay.
(() => {
  const after = document.body.dataset.liveAfter;
  if (after === undefined) return;

  const BEAT_LIMIT_MS = 40000; // the server beats every 15 s
  const RETRY_MS = 2000;
  const HIDDEN_MS = 20000; // browsers allow few connections, so hidden pages give theirs back
  const ARRIVING_MS = 1000;
  const ARRIVING_TRIES = 120;
  const SLOW_MS = 5000; // for what tables say every minute, all of them
  const SLOW_EVERY_MS = 60000; // what became old without any news

  let source = null;
  let lastId = after;
  let heardAt = Date.now();
  let wasLost = false;
  let hideTimer = 0;

  const mark = (state) => {
    document.querySelectorAll("[data-live-mark]").forEach((one) => {
      one.hidden = one.dataset.liveMark !== state;
    });
    document.documentElement.dataset.connection = state;
  };

  // --- refreshing parts -----------------------------------------------------------------------
  const busy = new Set();
  const again = new Set();

  // What the reader has opened stays open; the server does not know of it.
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
    !(name === "open" && node.tagName === "DETAILS");

  const isInUse = (part) =>
    part.matches(":hover") || (part.contains(document.activeElement) && document.hasFocus());

  // While somebody points at a list, nothing new is put on top of it: it would move all rows.
  const addressOf = (part) => {
    const url = new URL(part.dataset.liveUrl, location.href);
    if (part.dataset.liveTop && isInUse(part)) url.searchParams.set("upto", part.dataset.liveTop);
    return url.pathname + url.search;
  };

  const refresh = async (id) => {
    const part = document.getElementById(id);
    if (!part) return;
    if (busy.has(id)) {
      again.add(id);
      return;
    }
    busy.add(id);
    try {
      await htmx.ajax("GET", addressOf(part), { source: part, target: part, swap: "morph:outerHTML" });
    } finally {
      busy.delete(id);
      if (again.delete(id)) refresh(id);
    }
  };

  const slowly = new Set();
  const refreshSlowly = (id) => {
    if (slowly.has(id)) return;
    slowly.add(id);
    setTimeout(() => slowly.delete(id) && refresh(id), SLOW_MS);
  };
  setInterval(() => {
    if (document.hidden) return;
    document.querySelectorAll("[data-live-slow]").forEach((part) => refresh(part.id));
  }, SLOW_EVERY_MS);

  const refreshAbout = (topics) => {
    document.dispatchEvent(new CustomEvent("packwitness:news", { detail: topics }));
    const isAbout = (own) => own !== undefined && own.split(" ").some((one) => topics.includes(one));
    document.querySelectorAll("[data-live]").forEach((part) => {
      if (topics.includes("everything") || isAbout(part.dataset.live)) refresh(part.id);
      else if (isAbout(part.dataset.liveSlow)) refreshSlowly(part.id);
    });
  };

  // Entries held back appear once the pointer and the focus have left, or on demand.
  const releaseHeld = (event) => {
    const part = event.target.closest && event.target.closest("[data-live-held]");
    if (part && !part.contains(event.relatedTarget) && !isInUse(part)) refresh(part.id);
  };
  document.addEventListener("mouseout", (event) => setTimeout(releaseHeld, 0, event));
  document.addEventListener("focusout", (event) => setTimeout(releaseHeld, 0, event));

  // Photos that are named already and still on their way are asked for now and then.
  let tries = 0;
  setInterval(() => {
    const waiting = document.querySelector("[data-arriving]");
    tries = waiting ? tries + 1 : 0;
    if (waiting && tries < ARRIVING_TRIES) refresh(waiting.closest("[data-live]").id);
  }, ARRIVING_MS);

  // --- the stream -----------------------------------------------------------------------------
  const hear = (event) => {
    heardAt = Date.now();
    if (event.lastEventId) lastId = event.lastEventId;
  };

  const close = () => {
    if (source) source.close();
    source = null;
  };

  const lose = () => {
    wasLost = true;
    mark("lost");
  };

  const open = () => {
    close();
    heardAt = Date.now();
    source = new EventSource(`/events?after=${encodeURIComponent(lastId)}`);
    source.addEventListener("ready", (event) => {
      hear(event);
      mark("live");
      if (wasLost) refreshAbout(["everything"]);
      wasLost = false;
    });
    source.addEventListener("news", (event) => {
      hear(event);
      refreshAbout(JSON.parse(event.data));
    });
    source.addEventListener("beat", hear);
    source.addEventListener("signed-out", () => location.reload());
    source.addEventListener("error", () => {
      close(); // a browser of its own accord would not come back after an error page
      lose();
      setTimeout(() => source || document.hidden || open(), RETRY_MS);
    });
  };

  // After sleep a dead connection looks alive; only the missing beat tells.
  setInterval(() => {
    if (source && Date.now() - heardAt > BEAT_LIMIT_MS) {
      lose();
      open();
    }
  }, 5000);
  window.addEventListener("offline", lose);
  window.addEventListener("online", open);
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hideTimer);
    if (document.hidden) hideTimer = setTimeout(close, HIDDEN_MS);
    else if (!source) {
      wasLost = true;
      open();
    }
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) open();
  });

  open();
})();
