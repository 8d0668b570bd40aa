// Makes the page installable, and able to open without a connection.
(() => {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register("/phone/worker.js", { scope: "/phone" }).catch((error) => {
    console.warn("the page will not open without a connection", error);
  });
})();
