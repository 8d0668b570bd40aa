// Small helpers of the pages. Everything works without them, only less comfortably.
(() => {
  // The server writes times in the reader's zone; it learns the zone from this cookie.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `packwitness-zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-menu]");
    if (!button) return;
    const menu = document.getElementById(button.getAttribute("aria-controls"));
    const isOpen = menu.classList.toggle("show");
    button.setAttribute("aria-expanded", String(isOpen));
  });

  // Filters left empty stay out of the address.
  document.addEventListener("formdata", (event) => {
    if (event.target.method !== "get") return;
    for (const [name, value] of [...event.formData]) {
      if (value === "") event.formData.delete(name);
    }
    // So do choices that are left as they usually are.
    for (const group of event.target.querySelectorAll("[data-usual]")) {
      const name = group.dataset.name;
      if (event.formData.getAll(name).join(" ") === group.dataset.usual) event.formData.delete(name);
    }
  });

  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.isSent) event.preventDefault();
    form.dataset.isSent = "yes";
  });
  // The page may come back from the browser's memory.
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-is-sent]").forEach((form) => delete form.dataset.isSent);
  });
})();
