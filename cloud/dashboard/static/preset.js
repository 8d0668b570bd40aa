// Shows a preset message as its buyer gets it, while it is written. The server writes it the same
// way (cloud/dispatcher/planning.py) when the page is loaded, so that nothing is lost without this.
(() => {
  const view = document.querySelector("[data-preview-of]");
  if (!view) return;
  const field = document.getElementById(view.dataset.previewOf);
  const shown = view.querySelector("[data-preview-text]");
  const empty = view.querySelector("[data-preview-empty]");
  const literally = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const placeholders = JSON.parse(view.dataset.placeholders).map(literally).join("|");

  const show = () => {
    const text = field.value.replace(new RegExp(placeholders, "gi"), () => view.dataset.example).trim();
    shown.textContent = text;
    shown.hidden = text === "";
    empty.hidden = text !== "";
  };
  field.addEventListener("input", show);
  show();
})();
