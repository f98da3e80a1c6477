// The map of an agreement: a graph one can walk with the arrow keys, step through time, and read as a table.
import { say } from "./api.js";
import { change, data, live, onChange, query, scenario } from "./scenario.js";
import { table } from "./table.js";
import { capital, counted, month, percent, signed, years } from "./words.js";

const SPACE = "http://www.w3.org/2000/svg";
const RARE = 0.005;
const CLOSEST_ZOOM = 5;
const STEP_MS = 700;
const place = (id) => document.getElementById(id);

const drawn = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};
const text = (tag, content, className = "") => {
  const element = document.createElement(tag);
  element.textContent = content;
  if (className) element.className = className;
  return element;
};

let map = null; // the answer shown
let when = null; // index of the date, null for the whole calendar
let chosen = null; // "place 3" or "line 5"
let shape = ""; // what the drawing was made for
let view = null; // the part of the drawing in sight: x, y, width, height
const parts = { svg: null, places: [], lines: [] };

const times = (count) => (count < 0.0005 ? "never" : count < 0.095 ? `${count.toFixed(3)} times` : `${count.toFixed(1)} times`);
const flow = (line) => {
  if (when !== null) return Math.min(1, line.passages.reduce((sum, p) => sum + (map.passages[p].by_period[when] ?? 0), 0));
  const [only, ...others] = line.passages;
  if (!others.length && map.passages[only].probability !== null) return map.passages[only].probability;
  return Math.min(1, line.passages.reduce((sum, p) => sum + map.passages[p].passages, 0));
};
const share = (k) => (when === null ? map.places[k].ever : map.places[k].at[when]);
const narrowOf = (line) => map.narrow.findIndex((n) => n.passage !== null && line.passages.includes(n.passage));
const dated = () => (when === null ? "before the horizon" : `in the period from ${month(map.dates[when])}`);

const ruler = document.createElement("canvas").getContext("2d");
const FONT = 'system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif';
const wide = (words) => { ruler.font = `600 13px ${FONT}`; return ruler.measureText(words).width; };
const wrapped = (words, width, most) => {
  const lines = [""];
  for (const word of words.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (wide(longer) <= width || !lines.at(-1)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  const rest = lines.splice(most).join(" ");
  if (rest) lines[most - 1] += "…";
  return lines.map((line) => {
    let cut = line;
    while (cut.length > 2 && wide(cut) > width) cut = `${cut.replace(/…$/, "").slice(0, -1)}…`;
    return cut;
  });
};
const short = (p) => percent(p).replace("\u00a0", "\u202f");
const brief = (value) => (value < 0.05 ? "<0.1" : value.toFixed(1));

const outOfEnd = (line) => map.passages[line.passages[0]].probability === null;

const placeSays = (k) => {
  const it = map.places[k];
  const now = when === null ? "" : ` On ${month(map.dates[when])}: ${percent(it.at[when])}.`;
  return `${it.title}. Ever there: ${percent(it.ever)}; ${years(it.years)} on average.${now}`;
};
const lineSays = (k) => {
  const line = map.lines[k];
  const marks = map.narrow.filter((n) => line.passages.includes(n.passage));
  const ends = outOfEnd(line) ? "An end" : map.places[line.source].title;
  const odds = when === null && outOfEnd(line)
    ? times(line.passages.reduce((sum, p) => sum + map.passages[p].passages, 0))
    : percent(flow(line));
  return `From “${ends}” to “${map.places[line.target].title}”: ${odds} ${dated()}. ${marks.map((n) => n.says).join(" ")}`.trim();
};

// the drawing ---------------------------------------------------------------------------------------------------------

const build = () => {
  const [width, height] = map.size;
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `Map of “${map.title}”` });
  view = [0, 0, width, height];
  if (map.ends) {
    const [x, y, w, h] = map.ends;
    svg.append(drawn("rect", { class: "ends", x, y, width: w, height: h, rx: 8 }));
    svg.append(drawn("text", { class: "ends-title", x: x + 12, y: y + 19 }, "Ended"));
  }
  parts.lines = map.lines.map((line, k) => {
    const stroke = drawn("path", { class: "stroke", d: line.path });
    const tip = drawn("path", { class: "tip" });
    const group = drawn("g", { class: "passage", tabindex: -1, role: "button" }, drawn("path", { class: "reach", d: line.path }), stroke, tip);
    const label = drawn("text", { class: "label", x: line.label[0], y: line.label[1] + 4, "aria-hidden": "true" });
    const back = drawn("rect", { class: "label-back", rx: 3, height: 0, width: 0 });
    svg.append(group);
    listen(group, `line ${k}`);
    return { group, stroke, tip, label, back };
  });
  parts.places = map.places.map((it, k) => {
    const [x, y, w, h] = it.box;
    const end = it.stage === "ended";
    const group = drawn("g", { class: `place ${end ? "end" : ""} ${["phase", "in_force"].includes(it.stage) ? "live" : ""}`, tabindex: -1, role: "button" });
    const level = drawn("rect", { class: "level", x: x + 2, y: y + h - 7, height: 5, width: 0 });
    group.append(drawn("title", {}, it.title), drawn("rect", { class: "box", x, y, width: w, height: h, rx: 7 }), level);
    const rows = wrapped(it.title, w - (end ? 72 : 18), 2);
    const top = y + (end ? (rows.length > 1 ? 15 : 23) : rows.length > 1 ? 17 : 21);
    rows.forEach((row, n) => group.append(drawn("text", { class: "title", x: x + 9, y: top + n * 15 }, row)));
    const amount = drawn("text", end
      ? { class: "amount", x: x + w - 9, y: y + 24, "text-anchor": "end" }
      : { class: "amount", x: x + 9, y: y + 49 });
    group.append(amount);
    svg.append(group);
    listen(group, `place ${k}`);
    return { group, level, amount, room: w - 4 };
  });
  svg.append(...parts.lines.flatMap(({ back, label }) => [back, label]));
  parts.svg = svg;
  place("map-picture").replaceChildren(svg);
  zoomWith(svg);
};

const tipOf = (path, size) => {
  const numbers = path.match(/-?[\d.]+/g).map(Number);
  const [bx, by, x, y] = numbers.slice(4);
  const length = Math.hypot(x - bx, y - by) || 1;
  const [dx, dy] = [(x - bx) / length, (y - by) / length];
  const at = (along, beside) => `${(x - dx * along - dy * beside).toFixed(1)} ${(y - dy * along + dx * beside).toFixed(1)}`;
  return `M${at(0, 0)}L${at(size * 1.5, size * 0.8)}L${at(size * 1.5, -size * 0.8)}Z`;
};

const paint = () => {
  parts.lines.forEach(({ group, stroke, tip, label, back }, k) => {
    const line = map.lines[k];
    const p = flow(line);
    const mark = narrowOf(line);
    const broad = Math.max(1.2 + 8 * p, mark === 0 ? 4 : mark > 0 ? 2.5 : 0);
    stroke.setAttribute("stroke-width", broad.toFixed(2));
    tip.setAttribute("d", tipOf(line.path, 5 + broad * 0.7));
    group.classList.toggle("rare", p < RARE && mark < 0);
    group.classList.toggle("narrow", mark >= 0);
    group.classList.toggle("tightest", mark === 0);
    group.setAttribute("aria-label", lineSays(k));
    const gates = map.narrow.filter((n) => line.passages.includes(n.passage));
    const marked = gates.map((n) => `${n === map.narrow[0] ? "tightest: " : ""}${n.gate} ${signed(n.margin)}`).join(", ");
    label.textContent = marked || (p >= 0.05 && !outOfEnd(line) ? short(p) : "");
    label.setAttribute("class", `label${marked ? " marked" : ""}${mark === 0 ? " tightest" : ""}`);
    const room = label.textContent ? label.getBBox() : { x: 0, y: 0, width: -4, height: 0 };
    back.setAttribute("x", room.x - 2);
    back.setAttribute("y", room.y);
    back.setAttribute("width", room.width + 4);
    back.setAttribute("height", room.height);
  });
  parts.places.forEach(({ group, level, amount, room }, k) => {
    const it = map.places[k];
    level.setAttribute("width", (room * Math.min(1, share(k))).toFixed(1));
    amount.textContent = it.stage === "ended" || when !== null ? short(share(k)) : `${brief(it.years)} years · ever ${short(it.ever)}`;
    group.setAttribute("aria-label", placeSays(k));
  });
};

// walking -------------------------------------------------------------------------------------------------------------

const elementOf = (id) => {
  const [kind, k] = id.split(" ");
  return (kind === "place" ? parts.places : parts.lines)[Number(k)]?.group;
};
const leading = (k) => map.lines.map((line, n) => n).filter((n) => isFrom(map.lines[n], k)).sort((a, b) => flow(map.lines[b]) - flow(map.lines[a]));
const arriving = (k) => map.lines.map((line, n) => n).filter((n) => map.lines[n].target === k).sort((a, b) => flow(map.lines[b]) - flow(map.lines[a]));
const isFrom = (line, k) => line.passages.some((p) => map.passages[p].source === k);

const choose = (id, { focus = false } = {}) => {
  chosen = id;
  const [kind, text_] = id.split(" ");
  const k = Number(text_);
  parts.svg.classList.add("fades");
  const near = new Set(kind === "line" ? [] : [...leading(k), ...arriving(k)]);
  parts.places.forEach(({ group }, n) => {
    const on = kind === "place" && n === k;
    group.classList.toggle("chosen", on);
    group.setAttribute("tabindex", on ? 0 : -1);
    group.setAttribute("aria-pressed", String(on));
  });
  parts.lines.forEach(({ group }, n) => {
    const on = kind === "line" && n === k;
    group.classList.toggle("chosen", on);
    group.classList.toggle("beside", near.has(n));
    group.setAttribute("tabindex", on ? 0 : -1);
    group.setAttribute("aria-pressed", String(on));
  });
  detail();
  const element = elementOf(id);
  if (focus) element.focus({ preventScroll: view[2] < map.size[0] });
  reveal(element);
};

const listen = (group, id) => {
  group.addEventListener("click", () => choose(id, { focus: true }));
  group.addEventListener("focus", () => { if (chosen !== id) choose(id); });
  group.addEventListener("keydown", (event) => {
    const next = walk(id, event.key);
    if (!next) return;
    event.preventDefault();
    choose(next, { focus: true });
  });
};

const walk = (id, key) => {
  const [kind, text_] = id.split(" ");
  const k = Number(text_);
  if (key === "Home") return "place 0";
  if (key === "Enter" || key === " ") return id;
  const forward = key === "ArrowRight" || key === "ArrowDown";
  const back = key === "ArrowLeft" || key === "ArrowUp";
  if (!forward && !back) return "";
  if (kind === "place") {
    const [next] = forward ? leading(k) : arriving(k);
    return next === undefined ? "" : `line ${next}`;
  }
  const line = map.lines[k];
  if (key === "ArrowRight") return `place ${line.target}`;
  if (key === "ArrowLeft") return `place ${line.source}`;
  const sisters = leading(line.source);
  const at = sisters.indexOf(k) + (forward ? 1 : -1);
  return `line ${sisters[(at + sisters.length) % sisters.length]}`;
};

// what is in focus ----------------------------------------------------------------------------------------------------

const moveCells = (move) => [
  move.actor ? `${move.actor}: ${move.title}` : capital(move.title),
  { text: times(move.passages), sort: move.passages },
  { text: percent(move.odds), sort: move.odds },
  { text: signed(move.margin), sort: move.margin ?? -1e9 },
  move.closest ? { text: `${signed(move.closest.margin)} in ${month(move.closest.date)}`, sort: move.closest.margin } : "–",
  move.peak ? { text: month(move.peak), sort: move.peak } : "–",
];
const MOVES = ["Move", { title: "Times", numeric: true }, { title: "Odds", numeric: true }, { title: "Margin", numeric: true }, "Tightest", "Likeliest"];

const detail = () => {
  const box = place("map-detail");
  box.classList.toggle("open", Boolean(chosen));
  if (!chosen) return;
  const [kind, text_] = chosen.split(" ");
  const k = Number(text_);
  if (kind === "place") {
    const it = map.places[k];
    const now = when === null ? "" : ` At the start of ${month(map.dates[when])}: ${percent(it.at[when])}.`;
    box.replaceChildren(
      text("h3", it.title),
      text("p", `${capital(years(it.years))} on average before the horizon; ever there: ${percent(it.ever)}; there at the horizon: ${percent(it.at.at(-1))}.${now}`),
    );
    for (const [head, list, other] of [["Leads to", leading(k), "target"], ["Comes from", arriving(k), "source"]]) {
      if (!list.length) continue;
      const told = list.filter((n) => flow(map.lines[n]) >= RARE).map((n) => {
        const line = map.lines[n];
        const title = other === "source" && outOfEnd(line) ? "an end" : map.places[line[other]].title;
        return `${title} (${percent(flow(line))})`;
      });
      const rest = list.length - told.length;
      if (rest) told.push(`${counted(rest, "line")} hardly ever taken`);
      box.append(text("p", `${head}: ${told.join(", ")}.`, "small"));
    }
    return;
  }
  const line = map.lines[k];
  box.replaceChildren(text("h3", outOfEnd(line) ? `Ended → ${map.places[line.target].title}` : `${map.places[line.source].title} → ${map.places[line.target].title}`));
  const expected = line.passages.reduce((sum, p) => sum + map.passages[p].passages, 0);
  const odds = !outOfEnd(line) ? `Taken at least once with probability ${percent(map.passages[line.passages[0]].probability)}, ` : "Taken ";
  const now = when === null ? "" : ` In the period from ${month(map.dates[when])}: ${percent(flow(line))}.`;
  box.append(text("p", `${odds}${times(expected)} on average before the horizon.${now}`));
  for (const n of map.narrow) if (line.passages.includes(n.passage)) box.append(text("p", n.says, "note bad small"));
  const moves = line.passages.flatMap((p) => map.passages[p].moves.map((move) => ({ move, source: map.passages[p].source })));
  const rows = moves.map(({ move, source }) => {
    const cells = moveCells(move);
    return outOfEnd(line) ? [map.places[source].title, ...cells.slice(1)] : cells;
  });
  box.append(table(outOfEnd(line) ? ["Ended as", ...MOVES.slice(1)] : MOVES, rows, "Moves along this line; margins in points", { sortable: false }));
};

const tabulate = () => {
  if (!place("map-all").open || !map) return;
  const rows = map.passages.flatMap((passage) => passage.moves.map((move) => [
    map.places[passage.source].title, map.places[passage.target].title, ...moveCells(move),
    passage.probability === null ? "–" : { text: percent(passage.probability), sort: passage.probability },
  ]));
  rows.sort((a, b) => b[3].sort - a[3].sort);
  const columns = ["From", "To", ...MOVES, { title: "Passage at all", numeric: true }];
  place("map-table").replaceChildren(table(columns, rows, `All ${counted(rows.length, "move")} of “${map.title}”, alone on the table. Times: expected number before the horizon. Odds: where the move is open. Margin: its worth over the best alternative, in points.`));
};

// zoom ----------------------------------------------------------------------------------------------------------------

const look = () => {
  parts.svg.setAttribute("viewBox", view.map((x) => x.toFixed(2)).join(" "));
  const near = view[2] < map.size[0] - 0.5;
  parts.svg.classList.toggle("near", near);
  place("map-out").disabled = !near;
  place("map-fit").disabled = !near;
  place("map-in").disabled = view[2] <= map.size[0] / CLOSEST_ZOOM + 0.5;
};
const held = (x, low, high) => Math.min(Math.max(x, low), Math.max(low, high));
const zoom = (factor, x = view[0] + view[2] / 2, y = view[1] + view[3] / 2) => {
  const [width, height] = map.size;
  const wide = held(view[2] * factor, width / CLOSEST_ZOOM, width);
  const scale = wide / view[2];
  view = [x - (x - view[0]) * scale, y - (y - view[1]) * scale, wide, view[3] * scale];
  pan(0, 0, height);
};
const pan = (dx, dy) => {
  const [width, height] = map.size;
  view = [held(view[0] + dx, 0, width - view[2]), held(view[1] + dy, 0, height - view[3]), view[2], view[3]];
  look();
};
const reveal = (element) => {
  // what is in focus must not lie under the panel that tells of it
  const [seen, panel] = [element.getBoundingClientRect(), place("map-detail").getBoundingClientRect()];
  const beside = panel.left > seen.right;
  if (!beside && seen.bottom > panel.top && seen.height < panel.top - 80) scrollBy(0, seen.bottom - panel.top + 12);
  if (view[2] >= map.size[0] - 0.5) return;
  const box = element.getBBox();
  const off = (from, size, low, room) => (from < low ? from - low : Math.max(0, from + size - low - room));
  pan(off(box.x - 10, box.width + 20, view[0], view[2]), off(box.y - 10, box.height + 20, view[1], view[3]));
};
const zoomWith = (svg) => {
  svg.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") zoom(0.7);
    else if (event.key === "-") zoom(1 / 0.7);
    else if (event.key === "0") zoom(100);
  });
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const frame = svg.getBoundingClientRect();
    const at = [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height];
    zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, view[0] + at[0] * view[2], view[1] + at[1] * view[3]);
  }, { passive: false });
  let grip = null;
  svg.addEventListener("pointerdown", (event) => { if (svg.classList.contains("near")) grip = [event.clientX, event.clientY]; });
  svg.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const scale = view[2] / svg.getBoundingClientRect().width;
    pan((grip[0] - event.clientX) * scale, (grip[1] - event.clientY) * scale);
    grip = [event.clientX, event.clientY];
  });
  for (const end of ["pointerup", "pointerleave", "pointercancel"]) svg.addEventListener(end, () => { grip = null; });
};

// time ----------------------------------------------------------------------------------------------------------------

let playing = 0;
const stop = () => { clearInterval(playing); playing = 0; place("map-play").textContent = "Play"; };
const setDate = (index) => {
  when = index;
  const slider = place("map-date");
  const told = when === null ? "whole calendar" : month(map.dates[when]);
  place("map-when").textContent = told;
  slider.setAttribute("aria-valuetext", told);
  if (when !== null) slider.value = String(when);
  place("map-whole").disabled = when === null;
  paint();
  detail();
};

// together ------------------------------------------------------------------------------------------------------------

const narrowList = () => {
  const items = map.narrow.map((n, k) => {
    const item = text("li", k === 0 ? `${n.says} This is the tightest of all.` : n.says, k === 0 ? "tightest" : "");
    const line = n.passage === null ? -1 : map.lines.findIndex((one) => one.passages.includes(n.passage));
    if (line >= 0) {
      const button = text("button", "Show", "button");
      button.type = "button";
      button.setAttribute("aria-label", `Show the move at which “${n.gate}” is tightest`);
      button.addEventListener("click", () => choose(`line ${line}`, { focus: true }));
      item.append(button);
    }
    return item;
  });
  place("map-narrow").replaceChildren(...items);
  place("map-tightest").textContent = map.narrow.length ? map.narrow[0].says : "";
};

const show = (answer) => {
  map = answer;
  const now = JSON.stringify([answer.draft, answer.lines, answer.places.map((it) => it.box)]);
  const held_ = parts.svg?.contains(document.activeElement);
  if (now !== shape) {
    shape = now;
    chosen = null;
    build();
    parts.places[0].group.setAttribute("tabindex", 0);
  }
  const slider = place("map-date");
  slider.max = String(answer.dates.length - 1);
  slider.disabled = false;
  place("map-play").disabled = false;
  if (when !== null && when >= answer.dates.length) when = null;
  place("map-draft").value = answer.draft;
  place("map-says").textContent = answer.says;
  place("map-rough").hidden = answer.settled;
  narrowList();
  setDate(when);
  look();
  if (chosen) choose(chosen, { focus: held_ });
  tabulate();
  say(answer.says);
};

const begins = () => document.querySelector('input[name="begins"]:checked').value;
const keep = () => {
  const kept = new URLSearchParams(query());
  if (begins() === "live") kept.set("begins", "live");
  else kept.delete("begins");
  history.replaceState(null, "", `${location.pathname}${kept.size ? `?${kept.toString().replaceAll("%3A", ":")}` : ""}${location.hash}`);
};

if (place("map-draft") && !data.trouble) {
  if (scenario.draft) place("map-draft").value = scenario.draft;
  if (new URLSearchParams(location.search).get("begins") === "live") document.querySelector('input[value="live"]').checked = true;
  const asked = live(
    `/api/cases/${scenario.case}/map`, () => ({ draft: scenario.draft || null, begins: begins() }), show, { on: ["set", "off", "draft"] },
  );
  place("map-draft").addEventListener("change", (event) => change({ draft: event.target.value }, event));
  onChange(({ draft }) => { if (draft && scenario.draft) place("map-draft").value = scenario.draft; });
  for (const radio of document.querySelectorAll('input[name="begins"]')) radio.addEventListener("change", () => { keep(); asked.refresh(); });
  place("map-date").addEventListener("input", (event) => { stop(); setDate(Number(event.target.value)); });
  place("map-whole").addEventListener("click", () => { stop(); setDate(null); place("map-date").focus(); });
  place("map-play").addEventListener("click", () => {
    if (playing) { stop(); return; }
    place("map-play").textContent = "Pause";
    if (when === null || when >= map.dates.length - 1) setDate(0);
    playing = setInterval(() => {
      if (when >= map.dates.length - 1) stop();
      else setDate(when + 1);
    }, STEP_MS);
  });
  place("map-in").addEventListener("click", () => zoom(0.7));
  place("map-out").addEventListener("click", () => zoom(1 / 0.7));
  place("map-fit").addEventListener("click", () => zoom(100));
  place("map-all").addEventListener("toggle", tabulate);
}
