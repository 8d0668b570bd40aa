// One tick for all rows of a list. Without scripts each row is ticked by itself.
(() => {
  document.querySelectorAll("[data-choosing]").forEach((form) => {
    const all = form.querySelector("[data-choose-all]");
    const box = all.querySelector("input");
    const rows = () => [...form.querySelectorAll("input[name=chosen]")];
    all.hidden = false;
    box.addEventListener("change", () => {
      rows().forEach((row) => (row.checked = box.checked));
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.type === "checkbox") event.preventDefault();
    });
    form.addEventListener("change", () => {
      const count = rows().filter((row) => row.checked).length;
      box.checked = count === rows().length;
      box.indeterminate = count > 0 && !box.checked;
    });
  });
})();
