// What orders are taken for: packing, training or returns. Kept for this window through a reload, so
// that a training order is never sent; ends by itself like at a packing table.
(() => {
  const NAME = "packwitness-mode";
  const LASTS_MS = 180000;

  window.fulfillmentMode = {
    now() {
      const kept = JSON.parse(sessionStorage.getItem(NAME) ?? "null");
      return kept && Date.now() < kept.until ? kept.mode : "packing";
    },
    put(mode) {
      sessionStorage.setItem(NAME, JSON.stringify({ mode, until: Date.now() + LASTS_MS }));
    },
    // Whatever is scanned or pressed lets it last.
    touch() {
      const mode = this.now();
      if (mode !== "packing") this.put(mode);
    },
  };
})();
