// Tables to sort and to search, on the rows that the page already has. Words come from the attributes of `.report`.
"use strict";
whenever("table.data", (table) => {
  const words = table.closest(".report").dataset;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  let open = false;

  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const bar = make("div", { className: "tablebar" });
  const search = make("input", { type: "search", placeholder: words.search });
  search.setAttribute("aria-label", `${words.search}: ${table.caption?.textContent ?? ""}`);
  const more = make("button", { type: "button", className: "showall" });
  const none = make("p", { className: "empty", textContent: words.none, hidden: true });
  none.setAttribute("role", "status");

  const show = () => {
    const asked = search.value.normalize("NFKC").toLowerCase();
    let fitting = 0;
    for (const row of body.rows) {
      const fits = !asked || row.textContent.normalize("NFKC").toLowerCase().includes(asked);
      row.hidden = !fits || (!open && !asked && fitting >= 12);
      fitting += fits;
    }
    none.hidden = fitting > 0;
    more.hidden = asked || fitting <= 12;
    more.textContent = open ? words.less : `${words.all} (${rows.length})`;
    more.setAttribute("aria-expanded", open);
  };

  const value = (row, place) => row.cells[place].dataset.value;
  const sort = (place) => {
    const falling = heads[place].getAttribute("aria-sort") === "ascending";
    const numbers = rows.every((row) => value(row, place) === "" || Number.isFinite(Number(value(row, place))));
    const order = (a, b) => (numbers ? a - b : a.localeCompare(b, "ja", { numeric: true }));
    const known = rows.filter((row) => value(row, place) !== ""); // what is not known stays at the end
    known.sort((a, b) => order(value(a, place), value(b, place)) * (falling ? -1 : 1));
    body.append(...known, ...rows.filter((row) => value(row, place) === ""));
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    heads[place].setAttribute("aria-sort", falling ? "descending" : "ascending");
    show();
  };

  heads.forEach((head, place) => {
    const button = make("button", { type: "button", className: "sort", textContent: head.textContent });
    button.addEventListener("click", () => sort(place));
    head.replaceChildren(button);
  });
  search.addEventListener("input", show);
  more.addEventListener("click", () => ((open = !open), show()));
  if (rows.length > 12) table.parentElement.before(bar), bar.append(search);
  table.parentElement.after(none, more);
  show();
});
