// Order Fulfillment Assistant: scan an order, take its photos, save and send. What the packer does
// is done at once and kept in this browser; bringing it to Packwitness goes on beside it.
(() => {
  const root = document.getElementById("assistant");
  const store = window.fulfillmentStore;
  const { organisation, member, platform } = root.dataset;
  const usesCamera = root.dataset.camera === "on";
  const mostPhotos = Number(root.dataset.mostPhotos);
  const isPhone = platform === "phone";
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const words = (name) => root.querySelector(`[data-words="${name}"]`).textContent;
  const scan = part("scan");
  const camera = new window.fulfillmentCamera.Camera(part("video"));
  const reader = new window.fulfillmentCamera.CodeReader(part("video"));
  const uplink = new window.fulfillmentUplink.Uplink(organisation);
  const mode = window.fulfillmentMode;
  const CAN_BE_TAKEN_BACK_MS = 120000;
  let order = null;
  let last = null; // what F4 closed: it can be taken back until the next scan
  let queue = Promise.resolve();

  const say = (text, tone) => {
    part("said").textContent = text;
    part("said").className = `assistant-said tone-${tone}`;
  };

  // One thing after another, in the order of the presses.
  const next = (work) => {
    queue = queue.then(work).catch((error) => {
      say(`${words("not-saved")} ${error.name}`, "red");
      console.error(error);
    });
    return queue;
  };

  // --- what is shown ----------------------------------------------------------------------------
  const thumbnail = async (canvas, bytes) => {
    const picture = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    canvas.width = 320;
    canvas.height = Math.round((320 * picture.height) / picture.width);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
  };

  const showPhotos = async () => {
    const list = part("photos");
    list.replaceChildren();
    for (const [index, photo] of (order?.photos ?? []).entries()) {
      const item = part("photo-row").content.firstElementChild.cloneNode(true);
      const name = `${words("photo")} ${index + 1}`;
      item.dataset.sha256 = photo.sha256;
      item.querySelector("canvas").setAttribute("aria-label", name);
      item.querySelector("[data-name]").textContent = name;
      list.append(item);
      await thumbnail(item.querySelector("canvas"), await store.photoBytes(order.id, photo.sha256));
    }
  };

  const show = async () => {
    root.dataset.state = order ? "open" : "ready";
    part("code").textContent = order ? order.code : "";
    const taken = order ? order.mode ?? "packing" : mode.now();
    root.dataset.mode = taken;
    part("mode").textContent = taken === "packing" ? "" : words(`mode-${taken}`);
    root.querySelectorAll("[data-do=cancel]").forEach((one) => {
      one.disabled = !order && !last;
      one.querySelector("[data-name]").textContent = words(order ? "cancel-order" : "take-back");
    });
    const count = order ? order.photos.length : 0;
    part("count").textContent = `${count} / ${mostPhotos}`;
    root.querySelectorAll("[data-do=capture]").forEach((one) => {
      one.disabled = !order || !camera.isOn;
    });
    root.querySelectorAll("[data-do=send]").forEach((one) => {
      one.disabled = !order || (usesCamera && count === 0);
    });
    await showPhotos();
  };

  // --- the camera -------------------------------------------------------------------------------
  const CAUSES = { NotAllowedError: "denied", SecurityError: "insecure", NotFoundError: "none" };
  const openCamera = async () => {
    if (!usesCamera || camera.isOn) return;
    let cause = "";
    try {
      await camera.start();
    } catch (error) {
      cause = CAUSES[error.name] ?? "busy";
    }
    root.querySelectorAll("[data-cause]").forEach((one) => {
      one.hidden = one.dataset.cause !== cause;
    });
    root.dataset.cameraIs = cause || "on";
    await show();
  };

  const readCode = async () => {
    await openCamera();
    if (!camera.isOn) return;
    say(words("hold-code"), "blue");
    const code = await reader.read();
    if (code) next(() => scanned(code));
  };

  // --- an order ---------------------------------------------------------------------------------
  const advise = async (code) => {
    part("advice").textContent = "";
    const asked = `/fulfillment/advice?code=${encodeURIComponent(code)}`;
    const known = await window.fulfillmentUplink.ask(asked).catch(() => null);
    if (known && order?.code === code) part("advice").textContent = known.text;
  };

  const recordOf = (proof, sequence, closing, at, isRight) => ({
    version: 1,
    proof_id: proof.id,
    revision: 1,
    closing,
    mode: proof.mode ?? "packing",
    code: proof.code,
    photos: proof.photos.map((one) => ({
      sha256: one.sha256,
      size_bytes: one.sizeBytes,
      taken_at: one.takenAt,
      clock_synced: one.isTimed,
      source: platform,
      warnings: [],
    })),
    sequence,
    opened_at: proof.openedAt,
    closed_at: at,
    clock_synced: isRight,
    packer: proof.packer,
  });

  const finish = async (closing) => {
    const at = new Date().toISOString();
    const isRight = window.fulfillmentClock.isRight();
    const closed = await store.close(order.id, (proof, sequence) => {
      proof.closedAt = at;
      proof.closing = closing;
      return recordOf(proof, sequence, closing, at, isRight);
    });
    order = null;
    return closed;
  };

  // Closes or forgets what is open; what is said of it.
  const leave = async (closing, said) => {
    if (!order) return "";
    const { code } = order;
    if (order.photos.length) {
      await finish(closing);
      uplink.send();
      return `${code}: ${words(said)} `;
    }
    await store.drop(order.id);
    order = null;
    return "";
  };

  const open = async (code) => {
    if (order?.code === code) return;
    const before = await leave("unsent", "put-aside");
    last = null;
    order = {
      id: crypto.randomUUID().replaceAll("-", ""),
      organisation,
      platform,
      packer: member,
      code,
      mode: mode.now(),
      openedAt: new Date().toISOString(),
      photos: [],
      state: "open",
    };
    await store.add(order);
    say(`${before}${words(usesCamera ? "take-photos" : "no-camera")}`, before ? "yellow" : "blue");
    await show();
    advise(code);
    if (!isPhone) await openCamera();
  };

  const change = async (wanted) => {
    if (order) return say(words("mode-later"), "yellow");
    mode.put(wanted);
    say(words(`mode-${wanted}`), wanted === "packing" ? "blue" : "yellow");
    await show();
  };

  const scanned = async (typed) => {
    const code = window.fulfillmentCodes.classify(typed);
    mode.touch();
    if (code.kind === "order") return open(code.code);
    if (code.kind === "mode") return change(code.mode);
    if (code.kind === "action") return ACTIONS[code.action]();
    return say(words(code.why), "yellow");
  };

  const capture = async () => {
    if (!usesCamera) return;
    if (!order) return say(words("scan-first"), "yellow");
    if (order.photos.length >= mostPhotos) return say(words("no-more"), "yellow");
    if (!camera.isOn) return say(words("camera-off"), "yellow");
    const shot = await camera.capture();
    const photo = {
      sha256: shot.sha256,
      sizeBytes: shot.bytes.byteLength,
      takenAt: shot.takenAt,
      isTimed: window.fulfillmentClock.isRight(),
    };
    const saved = await store.addPhoto(order.id, photo, shot.bytes, mostPhotos);
    if (!saved) return say(words("elsewhere"), "yellow");
    order = saved;
    navigator.storage?.persist?.();
    await show();
    say(`${words("photo-saved")} ${order.photos.length} / ${mostPhotos}`, "green");
  };

  const remove = async (sha256) => {
    order = (await store.dropPhoto(order.id, sha256)) ?? order;
    await show();
    say(words("photo-gone"), "blue");
    scan.focus();
  };

  const undo = async () => {
    const photo = order?.photos.at(-1);
    return photo ? remove(photo.sha256) : say(words("undo-none"), "yellow");
  };

  const cancel = async () => {
    if (order) {
      const { code } = order;
      const before = await leave("cancelled", "cancelled");
      say(before || `${code}: ${words("dropped")}`, "blue");
    } else if (last && Date.now() - last.at < CAN_BE_TAKEN_BACK_MS) {
      const at = new Date().toISOString();
      const gone = await store.takeBack(last.id, (stands) => ({
        ...stands,
        revision: stands.revision + 1,
        closing: "withdrawn",
        closed_at: at,
      }));
      say(`${last.code}: ${words(gone ? "taken-back" : "elsewhere")}`, gone ? "blue" : "yellow");
      last = null;
      uplink.send();
    } else say(words("cancel-none"), "yellow");
    part("advice").textContent = "";
    await show();
    await recent.show();
  };

  const copy = async (closed, photos) => {
    if (isPhone || photos.length === 0) return;
    const went = await window.fulfillmentCopies.save(closed, photos);
    part("copies").textContent = words(went === "folder" ? "copies-folder" : "copies-downloads");
  };

  const send = async () => {
    if (!order) return say(words("scan-first"), "yellow");
    if (usesCamera && order.photos.length === 0) return say(words("photo-first"), "yellow");
    const photos = [];
    for (const one of order.photos) {
      photos.push({ ...one, bytes: await store.photoBytes(order.id, one.sha256) });
    }
    const closed = await finish("send");
    if (closed) last = { id: closed.id, code: closed.code, at: Date.now() };
    await show();
    if (!closed) return say(words("elsewhere"), "yellow");
    part("advice").textContent = "";
    const isSent = closed.mode === "packing" && photos.length;
    say(`${closed.code}: ${words(isSent ? "saved" : photos.length ? "kept" : "packed")}`, "blue");
    uplink.send();
    if (!isPhone) scan.focus();
    await copy(closed, photos);
    await recent.show();
  };

  const announce = (proof) => {
    if (root.dataset.state === "open") return;
    const { text, tone, why } = proof.progress;
    say(`${proof.code}: ${text} ${why}`.trim(), tone);
  };
  const recent = new window.fulfillmentRecent.Recent({ root, part, words, uplink, announce });

  // --- hands ------------------------------------------------------------------------------------
  const ACTIONS = { photo: capture, send, undo, cancel };
  const ofRow = (button) => button.closest("[data-order]").dataset.order;
  const DEEDS = {
    camera: () => next(openCamera),
    capture: () => next(capture),
    send: () => next(send),
    undo: () => next(undo),
    cancel: () => next(cancel),
    remove: (button) => next(() => remove(button.closest("[data-sha256]").dataset.sha256)),
    "keep-copies": (button) => recent.keepCopies(ofRow(button)),
    "try-again": (button) => recent.tryAgain(ofRow(button)),
    "read-code": () => readCode(),
    folder: async () => {
      const name = await window.fulfillmentCopies.choose().catch(() => "");
      if (name) part("folder").textContent = name;
    },
  };
  const KEYS = { F1: "capture", F2: "undo", F4: "send", Escape: "cancel" };

  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (!button) return;
    mode.touch();
    DEEDS[button.dataset.do](button);
  });
  document.addEventListener("keydown", (event) => {
    const isPlain = !event.altKey && !event.ctrlKey && !event.metaKey;
    if (KEYS[event.key] && isPlain) {
      event.preventDefault();
      mode.touch();
      if (!event.repeat) DEEDS[KEYS[event.key]]();
    } else if (event.key.length === 1 && isPlain && document.activeElement === document.body) {
      scan.focus(); // a scanner types wherever it is
    }
  });
  part("scan-form").addEventListener("submit", (event) => {
    event.preventDefault();
    reader.stop();
    const typed = scan.value;
    scan.value = "";
    next(() => scanned(typed));
  });
  document.addEventListener("fulfillment:changed", () => recent.show().then(() => recent.follow()));
  document.addEventListener("packwitness:news", () => recent.follow());

  // A mode ends by itself: the page must not go on saying that nothing is sent.
  setInterval(() => {
    if (order || root.dataset.mode === mode.now()) return;
    say(words("mode-packing"), "blue");
    next(show);
  }, 1000);

  const begin = async () => {
    const every = await store.all();
    order = every.find(
      (one) => one.state === "open" && one.organisation === organisation && one.platform === platform,
    ) ?? null;
    if (order) say(`${order.code}: ${words("restored")}`, "blue");
    part("no-reader").hidden = window.fulfillmentCamera.CodeReader.isThere;
    root.querySelectorAll("[data-do=read-code]").forEach((one) => {
      one.hidden = !window.fulfillmentCamera.CodeReader.isThere || !usesCamera;
    });
    if (!isPhone) {
      part("choose").hidden = !window.fulfillmentCopies.canChoose;
      part("folder").textContent = await window.fulfillmentCopies.folderName();
      scan.focus();
    }
    await show();
    await recent.show();
    uplink.send();
    recent.follow();
    root.dataset.ready = "yes";
    if (usesCamera && !isPhone) await openCamera();
  };

  if (!window.isSecureContext) {
    part("insecure").hidden = false;
    return;
  }
  next(begin);
})();
