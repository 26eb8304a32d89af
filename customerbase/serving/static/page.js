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
