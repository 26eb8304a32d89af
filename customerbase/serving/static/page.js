// Replaces Voila's inline scripts, which the Content-Security-Policy forbids.
// voila.js calls voila_finish once its theme is set (when cellLoaded is true); widgets appear a little later.
"use strict";
window.cellLoaded = true;
window.voila_process = window.voila_heartbeat = () => {};
window.voila_finish = () => setTimeout(window.dashboardReady, 10000);
window.dashboardReady = () => {
  document.getElementById("waiting")?.remove();
  document.documentElement.classList.remove("turning");
};

// What the reader chose on another page of this window; the address carries nothing.
const LANGUAGES = ["ja", "en"]; // as the buttons stand
const kept = (name) => sessionStorage.getItem(`customerbase.${name}`);
const keep = (name, value) => sessionStorage.setItem(`customerbase.${name}`, value);
const wanted = LANGUAGES.includes(kept("language")) ? kept("language") : "ja";
document.documentElement.lang = wanted;
document.documentElement.classList.toggle("turning", wanted !== "ja"); // pages come in Japanese: shown once turned

new MutationObserver((_, observer) => {
  // what voila.js has drawn, in the language wanted, or a notice that there will be nothing
  if (document.querySelector(`#rendered_cells .page .report[lang=${wanted}], .notice`)) {
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

// The handle of a slider is called what its label says.
whenever(".widget-slider .noUi-handle", (handle) =>
  setTimeout(() => handle.setAttribute("aria-label", handle.closest(".widget-slider").querySelector(".widget-label").textContent)));

// The language of the page is that of its content; it and the month go along to the next page.
whenever(".report[lang]", ({ lang }) => {
  if (lang !== wanted && document.documentElement.classList.contains("turning")) return; // not what will be shown
  document.documentElement.lang = lang;
  document.title = document.querySelector(`nav [aria-current] [lang=${lang}]`)?.textContent ?? document.title;
});
const toggles = () => [...document.querySelectorAll(".controls .widget-toggle-buttons button")];
const months = () => document.querySelector(".controls select");
document.addEventListener("click", ({ target }) => {
  const place = toggles().indexOf(target.closest("button"));
  if (place >= 0) keep("language", LANGUAGES[place]);
});
document.addEventListener("change", ({ target }) => {
  // months stand newest first: counted from the oldest, a month keeps its number when another one is published
  if (target === months()) keep("month", target.selectedIndex ? target.length - target.selectedIndex : "");
});
whenever(".controls :is(button, option)", () => {
  // the controls come one by one: when the last one is there, each is set once
  if (document.documentElement.dataset.set || toggles().length < LANGUAGES.length || !months()?.length) return;
  document.documentElement.dataset.set = "yes";
  setTimeout(() => {
    const place = months().length - Number(kept("month") || Infinity);
    if (place > 0) {
      months().selectedIndex = place;
      months().dispatchEvent(new Event("change", { bubbles: true }));
    }
    const toggle = toggles()[LANGUAGES.indexOf(wanted)];
    if (!toggle.classList.contains("mod-active")) toggle.click();
  });
});
