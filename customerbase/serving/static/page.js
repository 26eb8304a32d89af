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

// A file that the kernel made for the reader: follow its link as soon as it appears.
document.addEventListener("DOMContentLoaded", () => {
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes) {
        const link = node.nodeType === 1 && (node.matches("a.saved") ? node : node.querySelector(".saver a.saved, a.saved"));
        if (link && !link.dataset.followed) {
          link.dataset.followed = "yes";
          link.click();
        }
      }
  }).observe(document.body, { childList: true, subtree: true });
});
