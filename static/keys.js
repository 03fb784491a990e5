// On lists: `/` goes to the search field, j and k walk the rows, Enter opens (the focus is on the row's own link).
(() => {
  "use strict";
  const typing = (node) => node.closest("input, textarea, select, [contenteditable]");
  const links = () => [...document.querySelectorAll("table[data-keys] tbody tr")]
    .map((row) => row.querySelector("a[href]")).filter(Boolean);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    if (event.key === "/") {
      const field = document.querySelector("[data-search]");
      if (!field) return;
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === "j" || event.key === "k") {
      const all = links();
      if (!all.length) return;
      const row = document.activeElement.closest("table[data-keys] tbody tr");
      const at = all.findIndex((link) => link.closest("tr") === row);
      const next = event.key === "j" ? at + 1 : at < 0 ? 0 : at - 1;
      all[Math.max(0, Math.min(next, all.length - 1))].focus();
    }
  });
})();
