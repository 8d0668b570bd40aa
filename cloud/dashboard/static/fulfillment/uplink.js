// Brings closed orders to Packwitness: each photo, then the record that names them, until that is
// receipted. The same bytes are sent again after any doubt, and are taken in once.
(() => {
  const FIRST_WAIT_MS = 2000;
  const LONGEST_WAIT_MS = 60000;
  const ROUNDS = 3;
  const store = window.fulfillmentStore;

  class NotNow extends Error {}
  class SignedOut extends Error {}

  const changed = (proof) =>
    document.dispatchEvent(new CustomEvent("fulfillment:changed", { detail: proof }));

  const ask = async (address, options) => {
    let answer;
    try {
      answer = await fetch(address, { redirect: "manual", ...options });
    } catch (error) {
      throw new NotNow(error.message);
    }
    // Nobody is signed in: the server leads to the sign-in.
    if (answer.type === "opaqueredirect" || answer.status === 401) throw new SignedOut();
    if (!answer.headers.get("content-type")?.startsWith("application/json")) {
      if (answer.status === 403) throw new SignedOut();
      throw new NotNow(String(answer.status));
    }
    window.fulfillmentClock.note(answer.headers.get("date"));
    return answer.json();
  };

  // The sign-in may have changed in another window: the server takes nothing of another organisation.
  const put = (proof, address, type, body) => {
    const headers = { "Content-Type": type, "X-Organisation": proof.organisation };
    return ask(address, { method: "PUT", headers, body });
  };

  const sendPhotos = async (proof) => {
    for (const photo of proof.photos.filter((one) => !one.isStored)) {
      const bytes = await store.photoBytes(proof.id, photo.sha256);
      const said = await put(proof, `/fulfillment/photos/${photo.sha256}`, "image/jpeg", bytes);
      if (said.result !== "receipted") return said;
      photo.isStored = true;
    }
    return null;
  };

  const deliver = async (proof) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const refused = await sendPhotos(proof);
      const address = `/fulfillment/orders/${proof.id}?platform=${proof.platform}`;
      const said = refused ?? (await put(proof, address, "application/json", proof.manifest));
      if (said.result === "receipted") {
        await store.receipted(proof.id, proof.manifest);
        return;
      }
      if (said.result !== "missing") {
        await store.alter(proof.id, (one) => {
          if (one.manifest !== proof.manifest) return false;
          one.refusal = said.reason;
          return true;
        });
        return;
      }
      proof.photos.forEach((one) => {
        one.isStored = !said.missing.includes(one.sha256);
      });
    }
    throw new NotNow("photos keep missing");
  };

  class Uplink {
    constructor(organisation) {
      this.organisation = organisation;
      this.waitMs = FIRST_WAIT_MS;
      this.timer = 0;
      this.state = "idle";
      window.addEventListener("online", () => this.send());
      document.addEventListener("visibilitychange", () => document.hidden || this.send());
    }

    // One window at a time, so that none wonders at what another one is doing.
    send() {
      clearTimeout(this.timer);
      return navigator.locks.request("packwitness-fulfillment", () => this.work());
    }

    async work() {
      const every = (await store.all()).filter(
        (one) => one.state === "closed" && !one.refusal && one.organisation === this.organisation,
      );
      every.sort((one, other) => one.closedAt.localeCompare(other.closedAt));
      try {
        for (const proof of every) {
          await deliver(proof);
          changed(proof.id);
        }
        this.waitMs = FIRST_WAIT_MS;
        this.tell("idle");
      } catch (error) {
        this.tell(error instanceof SignedOut ? "signed-out" : "waiting");
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.send(), this.waitMs);
        this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
        if (!(error instanceof SignedOut || error instanceof NotNow)) throw error;
      }
    }

    tell(state) {
      this.state = state;
      changed(null);
    }
  }

  // Whether this computer's clock can be believed: compared with the server's whenever it answers.
  const MOST_APART_MS = 120000;
  const BELIEVED_FOR_MS = 7 * 24 * 3600 * 1000;
  const CLOCK = "packwitness-clock";
  window.fulfillmentClock = {
    note(date) {
      if (!date) return;
      const apart = Math.abs(Date.now() - Date.parse(date));
      localStorage.setItem(CLOCK, JSON.stringify({ apart, at: Date.now() }));
    },
    isRight() {
      const known = JSON.parse(localStorage.getItem(CLOCK) ?? "null");
      if (!known) return false;
      const age = Date.now() - known.at;
      return known.apart < MOST_APART_MS && age >= 0 && age < BELIEVED_FOR_MS;
    },
  };
  window.fulfillmentUplink = { Uplink, ask };
})();
