// What a scanned text is: an order, a command, a mode, or something that opens no order. As at a
// packing table (edge/scanner/codes.py) whose organisation names no patterns of its own.
(() => {
  const ORDER = /^[A-Za-z0-9][A-Za-z0-9._/-]{4,59}$/;
  const NOT_READ = new Set(["", "NOREAD", "NO READ", "NR", "ERROR"]);
  const ACTIONS = new Set(["photo", "send", "undo", "cancel"]);
  const MODES = new Set(["packing", "training", "return"]);
  const GOODS_LENGTHS = new Set([8, 12, 13]); // EAN-8, UPC-A, EAN-13

  const isGoods = (text) => {
    if (!GOODS_LENGTHS.has(text.length) || !/^[0-9]+$/.test(text)) return false;
    const digits = [...text].reverse().map(Number);
    const sum = digits.reduce((all, one, place) => all + one * (place % 2 ? 3 : 1), 0);
    return sum % 10 === 0;
  };

  const BADGES = ["PW-ID-", "PW-BADGE-"];

  const commandOf = (upper) => {
    const word = upper.slice("PW-".length).toLowerCase();
    if (ACTIONS.has(word)) return { kind: "action", action: word };
    if (MODES.has(word)) return { kind: "mode", mode: word };
    return { kind: "refused", why: BADGES.some((one) => upper.startsWith(one)) ? "badge" : "no-command" };
  };

  const classify = (typed) => {
    const text = typed.trim();
    const upper = text.toUpperCase();
    if (NOT_READ.has(upper)) return { kind: "refused", why: "not-read" };
    if (upper.startsWith("PW-")) return commandOf(upper);
    if (isGoods(text)) return { kind: "refused", why: "goods" };
    return ORDER.test(text) ? { kind: "order", code: text } : { kind: "refused", why: "bad-code" };
  };

  window.fulfillmentCodes = { classify };
})();
