// Replaces Voila's inline scripts, which the Content-Security-Policy forbids.
// voila.js calls voila_finish once its theme is set (when cellLoaded is true); widgets appear a little later.
"use strict";
window.cellLoaded = true;
window.voila_process = window.voila_heartbeat = () => {};
window.voila_finish = () => setTimeout(window.dashboardReady, 10000);
window.dashboardReady = () => document.getElementById("waiting")?.remove();

new MutationObserver((_, observer) => {
  // the first output that voila.js has drawn, or a notice that there will be none
  if (document.querySelector("#rendered_cells .jupyter-widgets, #rendered_cells .jp-OutputArea-output, .notice")) {
    observer.disconnect();
    window.dashboardReady();
  }
}).observe(document.documentElement, { childList: true, subtree: true });

// A page that is left gives its kernel back at once; one that vanished loses it when it has been idle long enough.
addEventListener("pagehide", (event) => {
  const config = document.getElementById("jupyter-config-data");
  if (event.persisted || !config) return; // kept by the browser, so it may come back
  const { baseUrl, kernelId } = JSON.parse(config.textContent);
  const xsrf = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/);
  const body = new URLSearchParams({ _xsrf: xsrf ? decodeURIComponent(xsrf[1]) : "" });
  navigator.sendBeacon(`${baseUrl}voila/api/shutdown/${kernelId}`, body);
});

// What is on the page now and what comes: calls `each` once for every element that a selector finds.
window.whenever = (selector, each) => {
  const seen = new WeakSet();
  const look = (root) => {
    const found = root.matches?.(selector) ? [root, ...root.querySelectorAll(selector)] : root.querySelectorAll?.(selector);
    for (const one of found ?? []) if (!seen.has(one)) seen.add(one) && each(one);
  };
  const start = () => {
    look(document);
    new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach(look))).observe(document.body, {
      childList: true,
      subtree: true,
    });
  };
  document.body ? start() : addEventListener("DOMContentLoaded", start);
};

// A file that the kernel made for the reader: follow its link as soon as it appears.
whenever("a.saved", (link) => link.click());

// The language of the page is that of its content; it and the month go along to the next page.
const CHOICES = ["language", "month"];
const kept = (name) => sessionStorage.getItem(`customerbase.${name}`);
whenever(".report[lang]", ({ lang }) => (document.documentElement.lang = lang));
whenever(".controls", (controls) => {
  const toggles = [...controls.querySelectorAll(".widget-toggle-buttons button")];
  const months = controls.querySelector("select");
  toggles.forEach((one, place) => one.addEventListener("click", () => sessionStorage.setItem("customerbase.language", place)));
  months?.addEventListener("change", () => sessionStorage.setItem("customerbase.month", months.selectedIndex));
  setTimeout(() => {
    const [language, month] = CHOICES.map(kept);
    if (month > 0 && month < months.options.length && months.selectedIndex !== Number(month)) {
      months.selectedIndex = month;
      months.dispatchEvent(new Event("change", { bubbles: true }));
    }
    if (language !== null && !toggles[language]?.classList.contains("mod-active")) toggles[language]?.click();
  });
});
