// Photos in full size, with the facts of their capture. Arrow keys go from one to the next, + and -
// make it larger and smaller, 0 fits it to the window, Shift with an arrow moves it, Escape closes.
(() => {
  const viewer = document.getElementById("viewer");
  if (!viewer) return;
  const STEPS = [1, 1.5, 2, 3, 4, 6, 8];
  const MOVE_PX = 80;
  const stage = viewer.querySelector("[data-viewer-stage]");
  const picture = stage.querySelector("img");
  const caption = viewer.querySelector("[data-viewer-caption]");
  const scale = viewer.querySelector("[data-viewer-scale]");
  const facts = viewer.querySelector("[data-viewer-facts]");
  const links = () => [...document.querySelectorAll("a[data-photo]")];
  // By its id: the list may change while a photo is looked at.
  let shown = "";
  let step = 0;

  const place = () => Math.max(0, links().findIndex((link) => link.id === shown));

  const show = (wanted) => {
    const photos = links();
    if (!photos.length) return;
    const at = (wanted + photos.length) % photos.length;
    const link = photos[at];
    shown = link.id;
    picture.src = link.href;
    picture.alt = link.querySelector("img").alt;
    caption.textContent = `${picture.alt} (${at + 1}/${photos.length})`;
    const known = document.getElementById(link.dataset.facts);
    const copy = known ? known.cloneNode(true) : null;
    if (copy) {
      copy.hidden = false;
      copy.removeAttribute("id");
    }
    facts.replaceChildren(...(copy ? [copy] : []));
    zoom(0);
  };

  // The middle of what is seen stays in the middle.
  const zoom = (wanted) => {
    const x = (stage.scrollLeft + stage.clientWidth / 2) / stage.scrollWidth || 0.5;
    const y = (stage.scrollTop + stage.clientHeight / 2) / stage.scrollHeight || 0.5;
    step = Math.min(STEPS.length - 1, Math.max(0, wanted));
    picture.style.width = `${STEPS[step] * 100}%`;
    picture.style.height = `${STEPS[step] * 100}%`;
    stage.classList.toggle("is-large", step > 0);
    scale.textContent = `${STEPS[step] * 100} %`;
    stage.scrollLeft = x * stage.scrollWidth - stage.clientWidth / 2;
    stage.scrollTop = y * stage.scrollHeight - stage.clientHeight / 2;
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-photo]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    viewer.showModal();
    show(links().indexOf(link));
    stage.focus();
  });

  viewer.addEventListener("click", (event) => {
    const stepper = event.target.closest("[data-viewer-step]");
    if (stepper) show(place() + Number(stepper.dataset.viewerStep));
    const zoomer = event.target.closest("[data-viewer-zoom]");
    if (zoomer) zoom(step + Number(zoomer.dataset.viewerZoom));
    if (event.target === viewer || event.target.closest("[data-viewer-close]")) viewer.close();
  });

  const keys = {
    ArrowRight: () => show(place() + 1),
    ArrowLeft: () => show(place() - 1),
    "+": () => zoom(step + 1),
    "=": () => zoom(step + 1),
    "-": () => zoom(step - 1),
    0: () => zoom(0),
  };
  const moves = {
    ArrowRight: [MOVE_PX, 0],
    ArrowLeft: [-MOVE_PX, 0],
    ArrowDown: [0, MOVE_PX],
    ArrowUp: [0, -MOVE_PX],
  };
  viewer.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.shiftKey && moves[event.key]) stage.scrollBy(...moves[event.key]);
    else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
  });

  stage.addEventListener("dblclick", () => zoom(step ? 0 : 2));
  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      zoom(step + (event.deltaY < 0 ? 1 : -1));
    },
    { passive: false },
  );
  // A mouse drags; fingers scroll by themselves.
  stage.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse" || event.buttons !== 1) return;
    stage.scrollBy(-event.movementX, -event.movementY);
  });
  picture.addEventListener("dragstart", (event) => event.preventDefault());

  viewer.addEventListener("close", () => {
    const link = document.getElementById(shown);
    if (link) link.focus();
  });
})();
