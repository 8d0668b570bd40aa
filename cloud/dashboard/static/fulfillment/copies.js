// Copies of sent photos on this computer: in a folder that the person chose, or as downloads.
(() => {
  const FOLDER = "folder";
  const store = window.fulfillmentStore;

  const nameOf = (proof, photo, number) => {
    const code = proof.code.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 60);
    const time = photo.takenAt.slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
    return `${code}-${time}Z-${number}.jpg`;
  };

  const download = (name, bytes) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };

  const write = async (folder, name, bytes) => {
    const file = await folder.getFileHandle(name, { create: true });
    const stream = await file.createWritable();
    await stream.write(bytes);
    await stream.close();
  };

  const chosen = async () => {
    const folder = await store.setting(FOLDER);
    if (!folder) return null;
    const wish = { mode: "readwrite" };
    if ((await folder.queryPermission(wish)) === "granted") return folder;
    return (await folder.requestPermission(wish)) === "granted" ? folder : null;
  };

  window.fulfillmentCopies = {
    canChoose: "showDirectoryPicker" in window,
    async choose() {
      const folder = await window.showDirectoryPicker({ id: "packwitness", mode: "readwrite" });
      await store.keepSetting(FOLDER, folder);
      return folder.name;
    },
    async folderName() {
      return (await store.setting(FOLDER))?.name ?? "";
    },
    // Gives where they went: "folder", or "downloads" where no folder is chosen or it refuses.
    async save(proof, photos) {
      let folder = await chosen().catch(() => null);
      for (const [index, photo] of photos.entries()) {
        const name = nameOf(proof, photo, index + 1);
        if (folder) {
          await write(folder, name, photo.bytes).catch(() => {
            folder = null;
          });
        }
        if (!folder) download(name, photo.bytes);
      }
      return folder ? "folder" : "downloads";
    },
  };
})();
