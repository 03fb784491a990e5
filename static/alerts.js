// Live alerts by polling: only while the page is in view, about every 15 s, at once on return, slower after errors.
// The server answers 204 while nothing changed since `X-Alerts-Version`, else a fragment with #alert-count and #live-alerts.
(() => {
  "use strict";
  const badges = document.querySelectorAll("[data-alert-count]");
  if (!badges.length) return; // nobody is signed in, or this role has no alerts
  const list = document.querySelector("[data-live-alerts]");
  const say = document.querySelector("[data-live-say]");
  const EVERY = 1000 * Number(list?.dataset.liveEvery || 15);
  const SLOWEST = 120000;
  const title = document.title;
  let version = "", failures = 0, timer = 0, running = null, ended = false;

  const wait = () => {
    const base = Math.min(EVERY * 2 ** failures, SLOWEST);
    return base * (0.8 + Math.random() * 0.4); // spread, so that thousands of phones do not knock at once
  };
  const plan = (after = wait()) => {
    clearTimeout(timer);
    if (!ended && !document.hidden) timer = setTimeout(poll, after);
  };

  async function poll() {
    if (running || ended || document.hidden) return;
    running = new AbortController();
    const limit = setTimeout(() => running?.abort(), 10000);
    try {
      const headers = { "X-Background": "1" }; // asking by itself does not keep an idle session alive
      if (version) headers["X-Alerts-Version"] = version;
      const answer = await fetch("/alerts/live/", { headers, cache: "no-store", signal: running.signal });
      if (answer.redirected || answer.status === 401 || answer.status === 403) return signedOut();
      if (answer.status === 200) {
        const html = await answer.text();
        version = answer.headers.get("X-Alerts-Version") || "";
        show(html);
      } else if (answer.status !== 204) {
        throw new Error(String(answer.status));
      }
      failures = 0;
    } catch {
      failures = Math.min(failures + 1, 5);
    } finally {
      clearTimeout(limit);
      running = null;
      plan();
    }
  }

  function show(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html"); // parsed apart: nothing in it runs
    const count = fresh.getElementById("alert-count")?.textContent.trim() || "";
    const before = Number(badges[0].textContent) || 0;
    const now = Number(count) || 0;
    for (const badge of badges) badge.textContent = now ? count : "";
    document.title = now ? `(${now}) ${title}` : title;
    if (now > before) say.textContent = `有 ${now - before} 条新提醒，共 ${now} 条未读`;
    const content = fresh.getElementById("live-alerts");
    if (list && content) replace(content);
  }

  function replace(content) {
    if (list.innerHTML.trim() === content.innerHTML.trim()) return;
    const active = list.contains(document.activeElement) ? document.activeElement : null;
    const href = active?.getAttribute("href");
    list.replaceChildren(...document.adoptNode(content).childNodes);
    if (href) list.querySelector(`[href="${CSS.escape(href)}"]`)?.focus({ preventScroll: true });
    window.htmx?.process(list);
  }

  function signedOut() {
    ended = true;
    clearTimeout(timer);
    const notice = document.createElement("div");
    notice.className = "notice warn";
    notice.setAttribute("role", "alert");
    const link = document.createElement("a");
    link.href = "/login/?next=" + encodeURIComponent(location.pathname) + "&ended=1";
    link.textContent = "重新登录";
    notice.append("登录已失效，提醒不再更新。请先记下没保存的内容，再", link, "。");
    document.getElementById("main").prepend(notice);
  }

  const back = () => { if (!document.hidden) { failures = 0; plan(0); } else { clearTimeout(timer); } };
  document.addEventListener("visibilitychange", back);
  window.addEventListener("focus", back);
  window.addEventListener("online", back);
  window.addEventListener("pageshow", (event) => { if (event.persisted) back(); });
  plan();
})();
