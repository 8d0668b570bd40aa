// The code of a link stands behind the #, which no server sees. It goes into the form, and out of
// the address, so that it stays in no history.
(() => {
  const field = document.querySelector("[data-from-link]");
  const code = decodeURIComponent(location.hash.slice(1));
  if (!field || !code) return;
  field.value = code;
  field.closest("[data-code-field]").hidden = true;
  history.replaceState(null, "", location.pathname);
  document.getElementById("password").focus();
})();
