// Runs before the page is drawn, so that it never flashes in the other theme.
(() => {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("packwitness-theme");
    } catch {
      return null; // storage may be forbidden; the system's theme then rules
    }
  };
  const apply = () => {
    const theme = chosen() || (system.matches ? "dark" : "light");
    document.documentElement.setAttribute("data-bs-theme", theme);
    document.querySelectorAll("[data-theme-switch]").forEach((button) => {
      button.setAttribute("aria-pressed", String(theme === "dark"));
    });
  };
  apply();
  system.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    const isDark = document.documentElement.getAttribute("data-bs-theme") === "dark";
    try {
      localStorage.setItem("packwitness-theme", isDark ? "light" : "dark");
    } catch {
      return;
    }
    apply();
  });
})();
