// Tables to sort and to search, on the rows that the page already has. Words come from the attributes of `.report`.
"use strict";
const ROWS_AT_FIRST = matchMedia("(max-width: 640px)").matches ? 5 : 12; // on a phone a row is a card

whenever("table.data", (table) => {
  const words = table.closest(".report").dataset;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const title = table.caption?.textContent ?? "";
  let open = false;

  const make = (tag, properties, ...inside) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...inside);
    return made;
  };
  const more = make("button", { type: "button", className: "showall" });
  const found = make("p", { className: "found" });
  found.setAttribute("role", "status"); // read out as somebody types

  const show = () => {
    const asked = search.value.normalize("NFKC").toLowerCase();
    let fitting = 0;
    for (const row of body.rows) {
      const fits = !asked || row.textContent.normalize("NFKC").toLowerCase().includes(asked);
      row.hidden = !fits || (!open && !asked && fitting >= ROWS_AT_FIRST);
      fitting += fits;
    }
    found.textContent = !asked ? "" : fitting ? `${words.found}: ${fitting} / ${rows.length}` : words.none;
    more.hidden = asked || fitting <= ROWS_AT_FIRST;
    more.textContent = open ? words.less : `${words.all} (${rows.length})`;
    more.setAttribute("aria-expanded", open);
  };

  const value = (row, place) => row.cells[place].dataset.value;
  const numbers = heads.map((_, place) => rows.every((row) => value(row, place) === "" || Number.isFinite(Number(value(row, place)))));
  const sort = (place, order) => {
    const compare = (a, b) => (numbers[place] ? a - b : a.localeCompare(b, "ja", { numeric: true }));
    const known = rows.filter((row) => value(row, place) !== ""); // what is not known stays at the end
    known.sort((a, b) => compare(value(a, place), value(b, place)) * (order === "descending" ? -1 : 1));
    body.append(...known, ...rows.filter((row) => value(row, place) === ""));
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    heads[place].setAttribute("aria-sort", order);
    choice.value = `${place} ${order}`;
    show();
  };
  const turned = { ascending: "descending", descending: "ascending" };
  const begin = (place) => (numbers[place] ? "descending" : "ascending"); // the largest first, names from the front

  // on a phone the heads stand inside the cards, so a list of them sorts instead
  const choice = make("select", { className: "sortby" });
  choice.setAttribute("aria-label", `${words.sort}: ${title}`);
  choice.append(make("option", { value: "", textContent: words.sort }));
  heads.forEach((head, place) => {
    for (const order of [begin(place), turned[begin(place)]])
      choice.append(make("option", { value: `${place} ${order}`, textContent: `${head.textContent} ${order === "ascending" ? "▲" : "▼"}` }));
    const button = make("button", { type: "button", className: "sort", textContent: head.textContent, title: head.title });
    button.addEventListener("click", () => sort(place, turned[head.getAttribute("aria-sort")] ?? begin(place)));
    head.replaceChildren(button);
    head.removeAttribute("title"); // the definition is the button's, where the keyboard finds it
    if (head.ariaSort) choice.value = `${place} ${head.ariaSort}`;
  });
  choice.addEventListener("change", () => choice.value && sort(Number(choice.value.split(" ")[0]), choice.value.split(" ")[1]));

  const search = make("input", { type: "search", placeholder: words.search });
  search.setAttribute("aria-label", `${words.search}: ${title}`);
  search.addEventListener("input", show);
  more.addEventListener("click", () => ((open = !open), show()));

  const heading = make("p", { className: "tabletitle", textContent: title });
  heading.setAttribute("aria-hidden", "true"); // the caption is read
  table.caption?.classList.add("unseen");
  const bar = make("div", { className: "tablebar" }, heading);
  if (rows.length > ROWS_AT_FIRST) bar.append(search);
  if (rows.length > 1) bar.append(choice);
  table.parentElement.before(bar);
  table.parentElement.after(found, more);
  show();
});
