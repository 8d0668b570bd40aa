// The last orders of this browser: where each stands, and what can be done about those that were
// refused. "Sent" is said only when Packwitness says that the marketplace has it (S0-35, S0-36).
(() => {
  const SHOWN = 20;
  const store = window.fulfillmentStore;

  class Recent {
    // `announce` hears of each order that has come further.
    constructor({ root, part, words, uplink, announce }) {
      Object.assign(this, { root, part, words, uplink, announce });
      this.organisation = root.dataset.organisation;
      this.isFollowing = false;
      this.isMore = false;
    }

    lineOf(proof) {
      if (proof.refusal) return { text: this.words("refused"), tone: "red", why: proof.refusal };
      if (proof.state === "closed") {
        return { text: this.words(this.uplink.state), tone: "yellow", why: "" };
      }
      return proof.progress ?? { text: this.words("idle"), tone: "blue", why: "" };
    }

    rowOf(proof) {
      const row = this.part("recent-row").content.firstElementChild.cloneNode(true);
      const line = this.lineOf(proof);
      row.dataset.order = proof.id;
      row.dataset.is = proof.progress?.state ?? proof.state;
      row.querySelector("[data-code]").textContent = proof.code;
      row.querySelector("[data-line]").textContent = line.text;
      row.querySelector("[data-line]").className = `state tone-${line.tone}`;
      row.querySelector("[data-why]").textContent = line.why;
      row.querySelector("[data-for=refused]").hidden = !proof.refusal;
      return row;
    }

    async show() {
      const every = (await store.all()).filter((one) => one.state !== "open");
      const own = every.filter((one) => one.organisation === this.organisation);
      const others = every.filter(
        (one) => one.organisation !== this.organisation && one.state === "closed",
      );
      this.part("others").hidden = others.length === 0;
      own.sort((one, other) => other.closedAt.localeCompare(one.closedAt));
      // Whatever was refused wants a person, however long ago it was.
      const shown = own.filter((one, place) => place < SHOWN || one.refusal);
      this.part("recent").replaceChildren(...shown.map((one) => this.rowOf(one)));
    }

    async follow() {
      this.isMore = this.isFollowing;
      if (this.isFollowing) return;
      const open = (await store.all()).filter(
        (one) =>
          one.state === "receipted" && one.organisation === this.organisation && !one.isFinal,
      );
      if (open.length === 0) return;
      this.isFollowing = true;
      const asked = open.slice(-SHOWN).map((one) => `order=${one.id}`);
      const said = await window.fulfillmentUplink
        .ask(`/fulfillment/progress?${asked.join("&")}`)
        .catch(() => ({ orders: {} }))
        .finally(() => {
          this.isFollowing = false;
        });
      for (const [id, progress] of Object.entries(said.orders)) await this.take(id, progress);
      await this.show();
      if (this.isMore) await this.follow();
    }

    async take(id, progress) {
      let isNews = false;
      const proof = await store.alter(id, (one) => {
        // What was taken back meanwhile is asked about again once that has arrived.
        if (one.state !== "receipted") return false;
        isNews = one.progress?.state !== progress.state;
        one.progress = progress;
        one.isFinal = progress.is_final;
        return isNews;
      });
      if (isNews && proof) this.announce(proof);
    }

    // Its photos, for the person who has to look into it.
    async keepCopies(id) {
      const proof = (await store.all()).find((one) => one.id === id);
      const photos = [];
      for (const one of proof?.photos ?? []) {
        photos.push({ ...one, bytes: await store.photoBytes(id, one.sha256) });
      }
      return photos.length ? window.fulfillmentCopies.save(proof, photos) : null;
    }

    async tryAgain(id) {
      await store.alter(id, (one) => {
        delete one.refusal;
      });
      this.uplink.send();
    }
  }

  window.fulfillmentRecent = { Recent };
})();
