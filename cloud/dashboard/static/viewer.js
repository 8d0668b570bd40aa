// Photos in full size: arrow keys go from one to the next, Escape closes.
(() => {
  const viewer = document.getElementById("viewer");
  if (!viewer) return;
  const picture = viewer.querySelector("img");
  const caption = viewer.querySelector("[data-viewer-caption]");
  const links = () => [...document.querySelectorAll("a[data-photo]")];
  let place = 0;

  const show = (wanted) => {
    const photos = links();
    place = (wanted + photos.length) % photos.length;
    picture.src = photos[place].href;
    picture.alt = photos[place].querySelector("img").alt;
    caption.textContent = `${picture.alt} (${place + 1}/${photos.length})`;
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-photo]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(links().indexOf(link));
    viewer.showModal();
  });
  viewer.addEventListener("click", (event) => {
    const step = event.target.closest("[data-viewer-step]");
    if (step) show(place + Number(step.dataset.viewerStep));
    if (event.target === viewer || event.target.closest("[data-viewer-close]")) viewer.close();
  });
  viewer.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") show(place + 1);
    if (event.key === "ArrowLeft") show(place - 1);
  });
  viewer.addEventListener("close", () => {
    const link = links()[place];
    if (link) link.focus();
  });
})();
