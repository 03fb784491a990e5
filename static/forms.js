// One press, one sending: the pressed button rests until the answer comes. The server guards too (submission key).
(() => {
  "use strict";
  const REST = 8000; // a download or a lost connection leaves the page standing: give the button back
  const release = (form) => {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (event.defaultPrevented) return; // htmx sends this one
    form.dataset.sent = "1";
    // Marked, not disabled: a disabled button would drop out of what is sent and lose the focus.
    event.submitter?.setAttribute("aria-busy", "true");
    setTimeout(release, form.hasAttribute("data-download") || form.target ? 1500 : REST, form);
  });
  // The back button shows the page as it was left.
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));
})();

// A search answers while one goes on choosing and typing: what is done to the form meanwhile outdates the answer on its
// way, which would put the form back as it was.
(() => {
  "use strict";
  const outdate = (event) => {
    const form = event.target.closest?.("form[hx-post]");
    form?.dispatchEvent(new CustomEvent("htmx:abort"));
  };
  for (const act of ["input", "change"]) document.addEventListener(act, outdate, true);
})();
