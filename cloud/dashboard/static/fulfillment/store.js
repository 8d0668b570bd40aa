// What this browser has captured, kept in its own database until Packwitness has receipted it.
// A photo counts as saved only once its transaction has been flushed to the disk.
(() => {
  const NAME = "packwitness-fulfillment";
  const KEPT_WHEN_DONE = 20;
  let opened = null;

  const open = () => {
    opened ??= new Promise((resolve, reject) => {
      const asked = indexedDB.open(NAME, 1);
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore("proofs", { keyPath: "id" });
        asked.result.createObjectStore("photos", { keyPath: ["proof", "sha256"] });
        asked.result.createObjectStore("settings");
      };
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
    return opened;
  };

  const answerOf = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });

  // Runs `work` in one transaction and gives its answer once that is on the disk.
  const change = async (stores, work) => {
    const database = await open();
    const transaction = database.transaction(stores, "readwrite", { durability: "strict" });
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("not saved"));
    });
    const answer = await work(...stores.map((one) => transaction.objectStore(one)));
    await done;
    return answer;
  };

  const read = async (store, ask) => {
    const database = await open();
    return answerOf(ask(database.transaction(store).objectStore(store)));
  };

  const all = () => read("proofs", (proofs) => proofs.getAll());
  const setting = (name) => read("settings", (settings) => settings.get(name));
  const keepSetting = (name, value) => change(["settings"], (settings) => settings.put(value, name));
  const add = (proof) => change(["proofs"], (proofs) => proofs.add(proof));

  const photoBytes = async (proof, sha256) =>
    (await read("photos", (photos) => photos.get([proof, sha256])))?.bytes;

  // `alter` changes a proof in place; one that says false changes nothing.
  const alter = (id, how) =>
    change(["proofs"], async (proofs) => {
      const proof = await answerOf(proofs.get(id));
      if (!proof || how(proof) === false) return null;
      proofs.put(proof);
      return proof;
    });

  const addPhoto = (id, photo, bytes, most) =>
    change(["proofs", "photos"], async (proofs, photos) => {
      const proof = await answerOf(proofs.get(id));
      if (!proof || proof.state !== "open" || proof.photos.length >= most) return null;
      proof.photos.push(photo);
      photos.put({ proof: id, sha256: photo.sha256, bytes });
      proofs.put(proof);
      return proof;
    });

  const dropPhoto = (id, sha256) =>
    change(["proofs", "photos"], async (proofs, photos) => {
      const proof = await answerOf(proofs.get(id));
      if (!proof || proof.state !== "open") return null;
      proof.photos = proof.photos.filter((one) => one.sha256 !== sha256);
      photos.delete([id, sha256]);
      proofs.put(proof);
      return proof;
    });

  // Fixes what will be sent, once: two windows cannot close the same order differently.
  const close = (id, manifestOf) =>
    change(["proofs", "settings"], async (proofs, settings) => {
      const proof = await answerOf(proofs.get(id));
      if (!proof || proof.state !== "open") return null;
      const sequence = ((await answerOf(settings.get("sequence"))) ?? 0) + 1;
      settings.put(sequence, "sequence");
      proof.manifest = JSON.stringify(manifestOf(proof, sequence));
      proof.state = "closed";
      proofs.put(proof);
      return proof;
    });

  const drop = (id) =>
    change(["proofs", "photos"], async (proofs, photos) => {
      const proof = await answerOf(proofs.get(id));
      if (!proof || proof.state !== "open") return;
      proof.photos.forEach((one) => photos.delete([id, one.sha256]));
      proofs.delete(id);
    });

  // What was closed to be sent is taken back: a record of its own, which follows the first one.
  const takeBack = (id, manifestOf) =>
    change(["proofs"], async (proofs) => {
      const proof = await answerOf(proofs.get(id));
      const stands = proof && JSON.parse(proof.manifest ?? "null");
      if (!proof || proof.state === "open" || stands?.closing !== "send") return null;
      // The photos of what is receipted are there already, and free here.
      if (proof.state === "receipted") {
        proof.photos.forEach((one) => {
          one.isStored = true;
        });
      }
      proof.manifest = JSON.stringify(manifestOf(stands));
      proof.state = "closed";
      proof.isFinal = false;
      delete proof.progress;
      proofs.put(proof);
      return proof;
    });

  // Packwitness has all of `manifest`: the photos are freed here, the line of what became of it
  // stays. A record that has followed it meanwhile is still to be brought there.
  const receipted = (id, manifest) =>
    change(["proofs", "photos"], async (proofs, photos) => {
      const every = await answerOf(proofs.getAll());
      const proof = every.find((one) => one.id === id);
      if (!proof || proof.state === "receipted") return;
      if (proof.manifest !== manifest) return;
      proof.photos.forEach((one) => photos.delete([id, one.sha256]));
      proof.state = "receipted";
      proofs.put(proof);
      const done = every.filter((one) => one.state === "receipted" && one.isFinal);
      done.sort((one, other) => other.closedAt.localeCompare(one.closedAt));
      done.slice(KEPT_WHEN_DONE).forEach((one) => proofs.delete(one.id));
    });

  window.fulfillmentStore = {
    add, addPhoto, all, alter, close, drop, dropPhoto, keepSetting, photoBytes, receipted, setting,
    takeBack,
  };
})();
