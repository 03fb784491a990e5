// Not deferred and placed right after `<details data-fold open>`: on a phone it folds before anything is drawn,
// unless one of its fields is in use. Without JavaScript it simply stays open.
(() => {
  "use strict";
  if (!window.matchMedia("(width < 60rem)").matches) return;
  for (const fold of document.querySelectorAll("details[data-fold]")) {
    const used = [...fold.querySelectorAll("input, select, textarea")]
      .some((field) => field.type === "checkbox" || field.type === "radio" ? field.checked && field.value : field.value);
    if (!used) fold.open = false;
  }
})();
