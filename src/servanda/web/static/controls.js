// Sliders for uncertain numbers and switches for frictions: the hand on the scenario.
import { send } from "./api.js";
import { element as node } from "./element.js";
import { body, change, data, onChange, onRest, scenario } from "./scenario.js";
import { counted, listed, number } from "./words.js";


const close = (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
const nearest = (stops, value) =>
  stops.reduce((best, stop, k) => (Math.abs(stop - value) < Math.abs(stops[best] - value) ? k : best), 0);
const amount = (parameter, value) => {
  const named = parameter.names.find(([, of]) => close(of, value));
  return named ? named[0] : number(value);
};
const told = (parameter, value) => {
  const unit = parameter.unit && !parameter.names.some(([, of]) => close(of, value)) ? ` ${parameter.unit}` : "";
  return `${amount(parameter, value)}${unit}`;
};

let lastMoved = null;

const slider = (parameter) => {
  const id = `p-${parameter.name}`;
  const input = node("input", { type: "range", id, min: 0, max: parameter.stops.length - 1, step: 1 });
  const value = node("output", { htmlFor: id, className: "value" });
  const back = node("button", { type: "button", className: "back", textContent: "↺" });
  back.setAttribute("aria-label", `Back to the central value: ${parameter.title}`);
  const central = nearest(parameter.stops, parameter.central);
  const track = node("span", { className: "track" }, input);
  track.style.setProperty("--central", String(central / Math.max(1, parameter.stops.length - 1)));
  const source = parameter.grade ? node("abbr", { title: parameter.source, textContent: parameter.grade }) : "";
  const row = node(
    "div", { className: "slider" },
    node("label", { htmlFor: id, textContent: parameter.title }),
    track,
    node("span", { className: "ends" },
      node("span", { className: "end", textContent: amount(parameter, parameter.stops[0]) }),
      node("span", { className: "reading" }, value, " ", source, back),
      node("span", { className: "end", textContent: amount(parameter, parameter.stops.at(-1)) })),
  );
  row.dataset.parameter = parameter.name;

  const show = () => {
    const set = scenario.set.has(parameter.name);
    const now = set ? scenario.set.get(parameter.name) : parameter.central;
    input.value = String(nearest(parameter.stops, now));
    value.textContent = told(parameter, now);
    const moved = set && !close(now, parameter.central);
    row.classList.toggle("moved", moved);
    back.disabled = !set;
    input.setAttribute("aria-valuetext", `${told(parameter, now)}${moved ? `, central value ${told(parameter, parameter.central)}` : ", the central value"}`);
  };
  input.addEventListener("input", (event) => {
    const stop = parameter.stops[Number(input.value)];
    lastMoved = { parameter: parameter.name };
    change({ set: { [parameter.name]: close(stop, parameter.central) ? null : stop }, keep: true }, event);
  });
  input.addEventListener("focus", () => aim({ parameter: parameter.name }));
  input.addEventListener("pointerenter", () => aim({ parameter: parameter.name }));
  back.addEventListener("click", (event) => {
    change({ set: { [parameter.name]: null }, keep: true }, event);
    input.focus();
  });
  show();
  return { parameter, row, show, text: `${parameter.name} ${parameter.title} ${parameter.unit}`.toLowerCase() };
};

const friction = (entry, k) => {
  const input = node("input", { type: "checkbox", id: `f-${k}` });
  const why = node("p", { className: "mechanism small", id: `f-${k}-why`, textContent: entry.mechanism, hidden: true });
  const ask = node("button", { type: "button", className: "what", textContent: "?" });
  ask.setAttribute("aria-label", `What it is: ${entry.title}`);
  ask.setAttribute("aria-expanded", "false");
  ask.setAttribute("aria-controls", why.id);
  ask.addEventListener("click", () => {
    why.hidden = !why.hidden;
    ask.setAttribute("aria-expanded", String(!why.hidden));
  });
  input.addEventListener("change", (event) => {
    const off = new Set(scenario.off);
    if (input.checked) off.add(entry.name);
    else off.delete(entry.name);
    change({ off }, event);
  });
  input.addEventListener("focus", () => aim({ friction: entry.name }));
  const row = node("div", { className: "switch" }, input, node("label", { htmlFor: input.id, textContent: entry.title }), ...(entry.mechanism ? [ask, why] : []));
  row.addEventListener("pointerenter", () => aim({ friction: entry.name }));
  const show = () => { input.checked = scenario.off.has(entry.name); };
  show();
  return { row, show };
};

/** What the scenario is, in a sentence. */
export const summary = () => {
  const { parameters, frictions } = data.controls;
  const parts = [...scenario.set].map(([name, value]) => {
    const parameter = parameters.find((p) => p.name === name);
    return parameter ? `${parameter.title.charAt(0).toLowerCase() + parameter.title.slice(1)} at ${told(parameter, value)}` : `${name} at ${number(value)}`;
  });
  const off = [...scenario.off].map((name) => {
    const entry = frictions.find((f) => f.name === name);
    return `“${entry ? entry.title : name}”`;
  });
  const changed = parts.length > 4 ? `${listed(parts.slice(0, 3).concat([`${counted(parts.length - 3, "other number")}`]))}` : listed(parts);
  if (!parts.length && !off.length) return "As saved: every number at its central value, every friction at work.";
  return `Changed: ${[changed, off.length ? `${listed(off)} switched off` : ""].filter(Boolean).join("; ")}.`;
};

// What is asked ahead is a favour to the next move of the slider or switch under the hand.
let resting = false;
let timer = 0;
let fetched = "";
const prefetch = () => {
  const at = document.getElementById("main").dataset.prefetch;
  if (!lastMoved || !at || !resting) return;
  const asked = body({ page: at, draft: scenario.draft, ...lastMoved });
  if (fetched === JSON.stringify(asked)) return;
  fetched = JSON.stringify(asked);
  // If it fails, the next move asks for itself.
  send("POST", `/api/cases/${scenario.case}/prefetch`, asked).catch(() => { fetched = ""; });
};

/** Name what will be moved next, so that it is asked ahead: `{parameter}` or `{friction}`. */
export const aim = (what) => {
  lastMoved = what;
  clearTimeout(timer);
  timer = setTimeout(prefetch, 150);
};

/** Fill `place` with the controls of the case. */
export const mountControls = (place) => {
  if (!data || !data.controls) { place.replaceChildren(); return; }
  const { parameters, frictions, shown } = data.controls;
  const sliders = parameters.map(slider);
  const switches = frictions.map(friction);
  const top = node("div", { className: "sliders" });
  const rest = node("div", { className: "sliders" });
  const heading = (text) => node("h4", { textContent: text });
  let group = "";
  sliders.forEach(({ parameter, row }, k) => {
    if (k < shown) { top.append(row); return; }
    if (parameter.group !== group) rest.append(heading(parameter.group));
    group = parameter.group;
    rest.append(row);
  });
  const parts = [];
  if (sliders.length) {
    const more = sliders.length > shown ? node("details", { className: "more" }, node("summary", { textContent: `${sliders.length - shown} more` }), rest) : null;
    const box = node("details", { className: "fold", open: true }, node("summary", {}, node("h3", { textContent: "Uncertain numbers" })));
    if (more) {
      const find = node("input", { type: "search", id: "find-number", autocomplete: "off", placeholder: "Find a number" });
      const found = node("span", { className: "small", role: "status" });
      find.setAttribute("aria-label", "Find a number");
      find.addEventListener("input", () => {
        const wanted = find.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
        let hits = 0;
        for (const { row, text } of sliders) {
          const hit = wanted.every((word) => text.includes(word));
          row.hidden = !hit;
          hits += hit;
        }
        for (const head of rest.querySelectorAll("h4")) head.hidden = wanted.length > 0;
        if (wanted.length) more.open = true;
        found.textContent = wanted.length ? `${hits} of ${sliders.length}` : "";
      });
      box.append(node("p", { className: "finder" }, find, found));
    }
    box.append(top, ...(more ? [more] : []));
    parts.push(box);
  }
  if (frictions.length) {
    const set = node("fieldset", { className: "switches" }, node("legend", { textContent: "Frictions: tick to switch off" }), ...switches.map((s) => s.row));
    parts.push(node("details", { className: "fold", open: true }, node("summary", {}, node("h3", { textContent: "Frictions" })), set));
  }
  place.replaceChildren(...parts);

  const says = document.getElementById("scenario-says");
  const reset = document.getElementById("scenario-reset");
  const tell = () => {
    if (says) says.textContent = sliders.length + switches.length ? summary() : "Every number of this case is certain and it names no friction: there is nothing to move.";
    if (reset) reset.hidden = !(sliders.length + switches.length) && !scenario.set.size && !scenario.off.size;
    if (reset) reset.disabled = !scenario.set.size && !scenario.off.size;
    const main = document.getElementById("main");
    main.classList.toggle("moved", scenario.set.size + scenario.off.size > 0);
  };
  if (reset) {
    reset.addEventListener("click", (event) => {
      change({ set: {}, off: [] }, event);
      document.getElementById("main").focus({ preventScroll: true });
    });
  }
  onChange(() => {
    for (const { show } of sliders) show();
    for (const { show } of switches) show();
    tell();
  });
  tell();

  onChange((what) => { if (what.set || what.off) resting = false; clearTimeout(timer); });
  onRest(() => { resting = true; clearTimeout(timer); timer = setTimeout(prefetch, 250); });
};
