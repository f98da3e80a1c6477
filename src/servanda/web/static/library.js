// The shipped cases: listed with what each shows and expects, read as text, copied to one's own.
import { get, send, showError, say } from "./api.js";
import { editor } from "./editor.js";
import { worded as node, press } from "./element.js";
import { counted, fullDate, moment, number } from "./words.js";

const byId = (id) => document.getElementById(id);
const link = (text, href, className = "") => { const made = node("a", text, className); made.href = href; return made; };
const short = (name) => name.split("/").at(-1);

// Copying.
let copying = null;
let taken = new Set();
const copy = (name, title) => {
  copying = name;
  let free = short(name);
  for (let k = 2; taken.has(free); k += 1) free = `${short(name)}-${k}`;
  byId("copy-what").textContent = title;
  byId("name").value = free;
  byId("copy-says").textContent = "";
  byId("copy").showModal();
  byId("name").focus();
  byId("name").select();
};
byId("copy-leave").addEventListener("click", () => byId("copy").close());
byId("copy-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const made = await send("POST", "/api/cases", { name: byId("name").value.trim(), shipped: copying });
    location.assign(`/cases/${made.name}/verdict`);
  } catch (error) {
    byId("copy-says").textContent = `${error.message}${error.code === "name-taken" ? ": choose another name" : ""}.`;
    byId("name").focus();
  }
});

// The list.
const facts = (item) => {
  const chips = node("p", "", "chips");
  const settled = item.settled ? `, ${item.settled} settled` : "";
  const said = [
    item.drafts && counted(item.drafts, "draft"), item.numbers && counted(item.numbers, "parameter"),
    item.questions && `${counted(item.questions, "question")}${settled}`, item.claims && counted(item.claims, "claim"),
  ];
  for (const text of said.filter(Boolean)) chips.append(node("span", text, "chip"));
  return chips;
};
const between = (each) => (Number(each.low) === Number(each.high) ? number(Number(each.low)) : `${number(Number(each.low))} to ${number(Number(each.high))}`);
const expected = (item) => {
  if (!item.expected.length) return null;
  const box = node("details");
  box.append(node("summary", `${counted(item.expected.length, "answer")} expected`));
  const table = node("table");
  table.createCaption().textContent = "Checked by `servanda test`";
  const head = table.createTHead().insertRow();
  for (const title of ["Quantity", "Expected"]) { const cell = node("th", title); cell.scope = "col"; head.append(cell); }
  const body = table.createTBody();
  for (const each of item.expected) {
    const row = body.insertRow();
    const cell = node("th", each.quantity);
    cell.scope = "row";
    row.append(cell);
    row.insertCell().textContent = between(each);
  }
  box.append(table);
  return box;
};
const fate = (item) => {
  if (!item.fate) return null;
  const box = node("details");
  const right = { yes: "and were right", no: "and were wrong" }[item.fate.right] || "not known yet";
  box.append(node("summary", item.fate.likeliest
    ? `We said “${item.fate.likeliest}”, ${right}` : "What was said at its signature, and what came"));
  const table = node("table");
  table.createCaption().textContent = `Frozen at ${item.fate.frozen_at}: our probability that it is alive, and whether it was`;
  const head = table.createTHead().insertRow();
  const row = table.createTBody().insertRow();
  for (const [years, said] of Object.entries(item.fate.horizons)) {
    const cell = node("th", `After ${years}`);
    cell.scope = "col";
    head.append(cell);
    row.insertCell().textContent = said;
  }
  box.append(table);
  if (item.fate.happened) box.append(node("p", `What happened: ${item.fate.happened}.`, "small"));
  return box;
};
const own = (item) => {
  const parts = [];
  if (item.copies.length) {
    const line = node("p", "Among your cases: ", "small");
    item.copies.forEach((name, k) => { if (k) line.append(", "); line.append(link(name, `/cases/${name}/verdict`)); });
    parts.push(line);
  }
  if (item.scored.length) {
    const [newest] = item.scored;
    const line = node("p", "Your backtest of ", "small");
    line.append(link(moment(newest.created), `/runs/${newest.run}`), `: ${newest.headline}`);
    parts.push(line);
  }
  return parts;
};
const card = (item) => {
  const made = node("article", "", "card");
  const title = node("h3");
  title.append(link(item.title, `/library/${item.name}`));
  const under = node("p", item.as_of ? `As of ${fullDate(item.as_of)} · ` : "", "small muted");
  under.append(node("code", item.name));
  const read = link("Read", `/library/${item.name}`, "button");
  read.setAttribute("aria-label", `Read ${item.title}`);
  const take = press("Copy to your cases", () => copy(item.name, item.title), "button");
  take.setAttribute("aria-label", `Copy ${item.title} to your cases`);
  const buttons = node("p", "", "buttons");
  buttons.append(take, read);
  made.append(...[title, under, node("p", item.shows), facts(item), fate(item), expected(item), ...own(item), buttons].filter(Boolean));
  return made;
};

const list = async () => {
  let found;
  try {
    found = await get("/api/library");
  } catch (error) { showError(error); return; }
  taken = new Set(found.groups.flatMap((group) => group.cases.flatMap((item) => item.copies)));
  if (found.score) {
    byId("score").textContent = `${found.score} ${found.made}`;
    byId("score").hidden = false;
  }
  const draw = () => {
    const words = byId("find").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (item) => words.every((word) => `${item.name} ${item.title} ${item.description} ${item.shows}`.toLowerCase().includes(word));
    let count = 0;
    byId("groups").replaceChildren(...found.groups.map((group) => {
      const cases = group.cases.filter(fits);
      count += cases.length;
      if (!cases.length) return null;
      const section = node("section");
      const title = node("h2", group.title);
      title.id = `h-${group.name}`;
      section.setAttribute("aria-labelledby", title.id);
      const shelf = node("div", "", "shelf");
      shelf.append(...cases.map(card));
      section.append(title, node("p", group.about, "muted"), shelf);
      return section;
    }).filter(Boolean));
    byId("count").textContent = count ? `${counted(count, "case")} of ${found.groups.flatMap((group) => group.cases).length}.` : "No case fits.";
  };
  let finding = 0;
  byId("find").addEventListener("input", () => { clearTimeout(finding); finding = setTimeout(draw, 120); });
  draw();
  byId("main").dataset.ready = "true";
};

// One case, to be read.
const read = async (place) => {
  const { name, title } = place.dataset;
  let found;
  let all;
  try {
    [found, all] = await Promise.all([get(`/api/shipped/${name}`), get("/api/library")]);
  } catch (error) { showError(error); return; }
  taken = new Set(all.groups.flatMap((group) => group.cases.flatMap((item) => item.copies)));
  const item = all.groups.flatMap((group) => group.cases).find((each) => each.name === name);
  const buttons = node("p", "", "buttons");
  buttons.append(press("Copy to your cases", () => copy(name, title), "button main"));
  byId("about").append(node("p", item.description, ""), ...[facts(item), fate(item), expected(item), ...own(item), buttons].filter(Boolean));
  const box = node("div");
  place.replaceChildren(box);
  const shown = editor(box, { text: found.text, label: `Text of the case ${title}, to be read`, describedby: "keys", readonly: true });
  const wanted = /^#line-(\d+)$/.exec(location.hash);
  if (wanted) shown.go(Number(wanted[1]));
  say(`${counted(item.lines, "line")} shown.`);
  byId("main").dataset.ready = "true";
};

const place = byId("reader");
if (place) read(place);
else list();
