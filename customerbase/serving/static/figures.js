// Figures to take along: SVG as it is, PNG at twice the size with title and caption. Nothing leaves the browser.
"use strict";
const SCALE = 2;

// The house font as the page got it, so that a picture looks elsewhere as it looks here.
const fontFaces = () => [...document.querySelectorAll("style")].map((one) => one.textContent).filter((text) => text.startsWith("@font-face")).join("");

const lines = (text, width) => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = "13px 'BIZ UDPGothic', sans-serif";
  const found = [""];
  for (const piece of text.match(/[\x21-\x7e]+\s*|./gu) ?? []) {
    if (found.at(-1) && pen.measureText(found.at(-1) + piece).width > width) found.push("");
    found[found.length - 1] += piece;
  }
  return found;
};

const standalone = (figure) => {
  const drawn = [...figure.querySelectorAll(".drawing svg")].find((one) => one.getBoundingClientRect().width > 0);
  const { width, height } = drawn.getBoundingClientRect();
  const title = figure.querySelector("h3,h4")?.textContent ?? "";
  const told = lines(title, width - 16);
  const measured = figure.querySelector(".measure")?.checkVisibility() ? lines(figure.querySelector(".measure").textContent, width - 16) : [];
  const caption = lines(figure.querySelector("figcaption")?.textContent ?? "", width - 16);
  const heading = told.length * 21, top = 14 + heading + measured.length * 18, bottom = 10 + caption.length * 18;
  const whole = document.createElementNS(drawn.namespaceURI, "svg");
  const size = { width, height: top + height + bottom };
  Object.entries(size).forEach(([name, value]) => whole.setAttribute(name, value));
  whole.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
  const add = (name, attributes, text = "") => {
    const made = document.createElementNS(drawn.namespaceURI, name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.textContent = text;
    whole.append(made);
  };
  add("title", {}, title);
  add("desc", {}, figure.querySelector("figcaption")?.textContent ?? "");
  add("style", {}, fontFaces());
  add("rect", { width: "100%", height: "100%", fill: "#fff" });
  const face = { "font-family": "BIZ UDPGothic, sans-serif" };
  told.forEach((line, place) => add("text", { ...face, x: 8, y: 20 + place * 21, "font-size": 15, "font-weight": 700, fill: "#1b1d21" }, line));
  measured.forEach((line, place) => add("text", { ...face, x: 8, y: 18 + heading + place * 18, "font-size": 12, fill: "#5d636c" }, line));
  const picture = drawn.cloneNode(true);
  Object.entries({ x: 0, y: top, width, height }).forEach(([key, value]) => picture.setAttribute(key, value));
  whole.append(picture);
  caption.forEach((line, place) => add("text", { ...face, x: 8, y: top + height + 18 + place * 18, "font-size": 12, fill: "#5d636c" }, line));
  return { text: new XMLSerializer().serializeToString(whole), ...size };
};

const save = (href, name) => Object.assign(document.createElement("a"), { href, download: name }).click();
const encoded = (text) => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;

const savePng = async ({ text, width, height }, name) => {
  const image = new Image();
  image.src = encoded(text);
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: width * SCALE, height: height * SCALE });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  save(canvas.toDataURL("image/png"), name);
};

whenever(".report figure", (figure) => {
  if (!figure.querySelector(".drawing svg")) return;
  const words = figure.closest(".report").dataset;
  const name = (figure.querySelector("h3,h4")?.textContent ?? "figure").replace(/[\\/:*?"<>|\s]+/g, "_").slice(0, 60);
  const bar = Object.assign(document.createElement("p"), { className: "savefigure" });
  const button = (kind, clicked) => {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: kind.toUpperCase(), title: words[kind] });
    made.setAttribute("aria-label", `${words[kind]}: ${figure.querySelector("h3,h4")?.textContent ?? ""}`);
    made.addEventListener("click", clicked);
    bar.append(made);
  };
  button("svg", () => save(encoded(standalone(figure).text), `${name}.svg`));
  button("png", () => savePng(standalone(figure), `${name}.png`));
  figure.append(bar);
});
