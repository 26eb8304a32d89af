// Customer 360: an id in a list opens the customer. The id goes through the field, as if it had been typed.
"use strict";
(() => {
  let wanted = false;
  const field = () => document.querySelector(".lookup input");
  const send = () => {
    for (const kind of ["input", "change"]) field().dispatchEvent(new Event(kind, { bubbles: true }));
  };
  const show = (head) => {
    wanted = false;
    head.scrollIntoView({ block: "start" });
    head.focus({ preventScroll: true }); // a screen reader goes on with the customer
  };
  whenever(".lookup button", (button) => button.addEventListener("click", send)); // a tap may leave the field in focus
  whenever("button.person", (button) =>
    button.addEventListener("click", () => {
      const shown = document.querySelector(".karte h2");
      if (!field()) return;
      if (field().value === button.textContent && shown) return show(shown);
      wanted = true;
      field().value = button.textContent;
      send();
    }),
  );
  whenever(".karte h2", (head) => wanted && show(head));
})();
