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
  let order = null;
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
    if (code) next(() => open(code));
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
    mode: "packing",
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

  const open = async (typed) => {
    const code = typed.trim();
    if (!code || code.length > 200 || /[\u0000-\u001f]/.test(code)) {
      say(words("bad-code"), "yellow");
      return;
    }
    if (order?.code === code) return;
    let before = "";
    if (order?.photos.length) {
      before = `${order.code}: ${words("put-aside")} `;
      await finish("unsent");
      uplink.send();
    } else if (order) await store.drop(order.id);
    order = {
      id: crypto.randomUUID().replaceAll("-", ""),
      organisation,
      platform,
      packer: member,
      code,
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
    await show();
    if (!closed) return say(words("elsewhere"), "yellow");
    part("advice").textContent = "";
    say(`${closed.code}: ${words(photos.length ? "saved" : "packed")}`, "blue");
    uplink.send();
    if (!isPhone) scan.focus();
    await copy(closed, photos);
    await showRecent();
  };

  // --- what became of the last ones -------------------------------------------------------------
  const lineOf = (proof) => {
    if (proof.refusal) return { text: words("refused"), tone: "red", why: proof.refusal };
    if (proof.state === "closed") return { text: words(uplink.state), tone: "yellow", why: "" };
    return proof.progress ?? { text: words("idle"), tone: "blue", why: "" };
  };

  const showRecent = async () => {
    const every = (await store.all()).filter((one) => one.state !== "open");
    const own = every.filter((one) => one.organisation === organisation);
    const others = every.filter((one) => one.organisation !== organisation && one.state === "closed");
    part("others").hidden = others.length === 0;
    own.sort((one, other) => other.closedAt.localeCompare(one.closedAt));
    const rows = own.slice(0, 20).map((proof) => {
      const row = part("recent-row").content.firstElementChild.cloneNode(true);
      const line = lineOf(proof);
      row.dataset.order = proof.id;
      row.dataset.is = proof.progress?.state ?? proof.state;
      row.querySelector("[data-code]").textContent = proof.code;
      row.querySelector("[data-line]").textContent = line.text;
      row.querySelector("[data-line]").className = `state tone-${line.tone}`;
      row.querySelector("[data-why]").textContent = line.why;
      return row;
    });
    part("recent").replaceChildren(...rows);
  };

  const announce = (proof) => {
    if (root.dataset.state === "open") return;
    const { text, tone, why } = proof.progress;
    say(`${proof.code}: ${text} ${why}`.trim(), tone);
  };

  // "Sent" is said only when Packwitness says that the marketplace has it (S0-35, S0-36).
  let isFollowing = false;
  let isMore = false;
  const follow = async () => {
    isMore = isFollowing;
    if (isFollowing) return;
    const open = (await store.all()).filter(
      (one) => one.state === "receipted" && one.organisation === organisation && !one.isFinal,
    );
    if (open.length === 0) return;
    isFollowing = true;
    const asked = open.slice(-20).map((one) => `order=${one.id}`);
    const said = await window.fulfillmentUplink
      .ask(`/fulfillment/progress?${asked.join("&")}`)
      .catch(() => ({ orders: {} }))
      .finally(() => {
        isFollowing = false;
      });
    for (const [id, progress] of Object.entries(said.orders)) {
      let isNews = false;
      const proof = await store.alter(id, (one) => {
        isNews = one.progress?.state !== progress.state;
        one.progress = progress;
        one.isFinal = progress.is_final;
        return isNews;
      });
      if (isNews && proof) announce(proof);
    }
    await showRecent();
    if (isMore) await follow();
  };

  // --- hands ------------------------------------------------------------------------------------
  const DEEDS = {
    camera: () => next(openCamera),
    capture: () => next(capture),
    send: () => next(send),
    "read-code": () => readCode(),
    folder: async () => {
      const name = await window.fulfillmentCopies.choose().catch(() => "");
      if (name) part("folder").textContent = name;
    },
  };
  const KEYS = { F1: "capture", F4: "send" };

  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (!button) return;
    if (button.dataset.do === "remove") {
      next(() => remove(button.closest("[data-sha256]").dataset.sha256));
    } else DEEDS[button.dataset.do]();
  });
  document.addEventListener("keydown", (event) => {
    const isPlain = !event.altKey && !event.ctrlKey && !event.metaKey;
    if (KEYS[event.key] && isPlain) {
      event.preventDefault();
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
    next(() => open(typed));
  });
  document.addEventListener("fulfillment:changed", () => showRecent().then(follow));
  document.addEventListener("packwitness:news", follow);

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
    await showRecent();
    uplink.send();
    follow();
    root.dataset.ready = "yes";
    if (usesCamera && !isPhone) await openCamera();
  };

  if (!window.isSecureContext) {
    part("insecure").hidden = false;
    return;
  }
  next(begin);
})();
