// Not deferred and placed right after `<details data-fold open>`: on a phone it folds before anything is drawn, so that
// the list is near, and says how many conditions are set in it (the chips above the list name them). It stays open where
// something is wrong in it, and for whoever has opened it. Without JavaScript it simply stays open.
(() => {
  "use strict";
  const root = document.documentElement;
  if (!root.dataset.fold) {
    root.dataset.fold = "folded";
    document.addEventListener("click", (event) => {
      const fold = event.target.closest?.("details[data-fold] > summary")?.parentElement;
      if (fold) root.dataset.fold = fold.open ? "folded" : "open";
    });
  }
  if (!window.matchMedia("(width < 60rem)").matches) return;
  for (const fold of document.querySelectorAll("details[data-fold]:not([data-fold=done])")) {
    const used = [...fold.querySelectorAll("input, select, textarea")]
      .filter((field) => field.type === "checkbox" || field.type === "radio" ? field.checked && field.value : field.value);
    if (used.length) fold.querySelector("summary").append(`（已填 ${used.length} 项）`);
    fold.open = root.dataset.fold === "open" || Boolean(fold.querySelector("[aria-invalid=true]"));
    fold.dataset.fold = "done";
  }
})();
