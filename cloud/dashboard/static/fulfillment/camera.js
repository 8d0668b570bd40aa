// The camera of a computer or phone: a picture on demand, and codes where the browser reads them.
(() => {
  const QUALITY = 0.9;
  const FRAME_WAIT_MS = 1500;
  const LOOK_EVERY_MS = 250;
  const FORMATS = ["code_128", "code_39", "qr_code", "itf", "data_matrix", "codabar"];

  const hex = (buffer) =>
    [...new Uint8Array(buffer)].map((one) => one.toString(16).padStart(2, "0")).join("");

  // A frame that was shown after the press, never the one from before it.
  const nextFrame = (video) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no frame")), FRAME_WAIT_MS);
      const take = () => {
        clearTimeout(timer);
        resolve();
      };
      if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(take);
      else requestAnimationFrame(take);
    });

  class Camera {
    constructor(video) {
      this.video = video;
      this.stream = null;
    }

    get isOn() {
      return this.stream !== null && this.stream.active;
    }

    // Raises what the browser says: NotAllowedError, NotFoundError, NotReadableError.
    async start() {
      if (this.isOn) return;
      if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
      this.stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: "environment" }, width: { ideal: 1920 }, height: { ideal: 1080 } },
      });
      this.video.srcObject = this.stream;
      await this.video.play();
    }

    async capture() {
      await nextFrame(this.video);
      const takenAt = new Date().toISOString();
      const canvas = document.createElement("canvas");
      canvas.width = this.video.videoWidth;
      canvas.height = this.video.videoHeight;
      canvas.getContext("2d").drawImage(this.video, 0, 0);
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
      if (!blob) throw new Error("no picture");
      const bytes = await blob.arrayBuffer();
      return { sha256: hex(await crypto.subtle.digest("SHA-256", bytes)), bytes, takenAt };
    }
  }

  // Looks for a code in the picture until one is found; null where it is stopped.
  class CodeReader {
    constructor(video) {
      this.video = video;
      this.isOn = false;
    }

    static get isThere() {
      return "BarcodeDetector" in window;
    }

    async read() {
      const detector = new BarcodeDetector({ formats: FORMATS });
      this.isOn = true;
      while (this.isOn) {
        const found = await detector.detect(this.video).catch(() => []);
        if (this.isOn && found.length === 1) {
          this.isOn = false;
          return found[0].rawValue;
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
      return null;
    }

    stop() {
      this.isOn = false;
    }
  }

  window.fulfillmentCamera = { Camera, CodeReader };
})();
