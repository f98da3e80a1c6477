// Sensitivity: what drives an answer, the box of parameters where it comes out, and the answer along one slider.
import { say, send, showError } from "./api.js";
import { chart, colours } from "./chart.js";
import { element as made } from "./element.js";
import { jobBox } from "./job.js";
import { body, change, data, live, moved, onChange, scenario } from "./scenario.js";
import { table } from "./table.js";
import { capital, counted, likelihood, moment, number, percent, years } from "./words.js";

const at = (id) => document.getElementById(id);
const path = `/api/cases/${scenario.case}/sensitivity`;
const parameters = data && data.controls ? data.controls.parameters : [];
const DRAWS = 256;
const STOPS = 11;

let found = null;
let ofScenario = "";
let quantity = new URLSearchParams(location.search).get("quantity") || "";
let now = null;

const remember = () => {
  const query = new URLSearchParams(location.search);
  query.delete("quantity");
  if (quantity) query.set("quantity", quantity);
  const text = query.toString().replaceAll("%3A", ":");
  history.replaceState(null, "", `${location.pathname}${text ? `?${text}` : ""}${location.hash}`);
};
const inYears = (name) => name.endsWith(".mean_life");
const level = (value) => (inYears(quantity) ? years(value) : percent(value));

// --------------------------------------------------------------------------------------------------- the answer now
const showNow = () => {
  const value = now ? now[quantity] : undefined;
  const told = value === undefined ? "" : inYears(quantity) ? years(value) : likelihood(value);
  const where = moved() ? "With the sliders and switches as they stand" : "At central values";
  const mean = found && found.quantity === quantity ? ` Mean over draws: ${level(found.mean)}.` : "";
  at("now").textContent = value === undefined ? (found ? mean.trim() : "…") : `${where}: ${told}.${mean}`;
};

// ----------------------------------------------------------------------------------------------- what the draws tell
const figure = (place, shown) => chart(place, shown.spec, {
  title: shown.title, says: `${shown.says} ${shown.caption}`,
  table: { columns: shown.table.columns.map((title, k) => ({ title, numeric: shown.table.numeric[k] })), rows: shown.table.rows, caption: shown.table.caption },
});

const choose = () => {
  const select = at("quantity");
  const names = found ? found.quantities : now ? Object.keys(now).map((name) => ({ name, title: titleOf(name) })) : [];
  if (!names.length) return;
  if (!names.some((q) => q.name === quantity)) quantity = found ? found.quantity : names[0].name;
  const group = (name) => (name.startsWith("question.") ? "Dated questions" : name.startsWith("gate.") ? "Gates of the drafts" : "Outcomes");
  const groups = new Map();
  for (const q of names) {
    const title = group(q.name);
    if (!groups.has(title)) groups.set(title, made("optgroup", { label: title }));
    groups.get(title).append(made("option", { value: q.name, textContent: q.title, selected: q.name === quantity }));
  }
  select.replaceChildren(...groups.values());
  select.disabled = false;
};
const GATES = { sign: "signed", ratify: "ratified once signed", keep: "kept once in force", holds: "signed, ratified and kept", mean_life: "mean life in years" };
const OUTCOMES = { "outcome.deal": "A deal is in force at the horizon", "outcome.ever_deal": "A deal comes into force by the horizon", "outcome.ever_war": "War by the horizon" };
const titleOf = (name) => {
  if (found) { const known = found.quantities.find((q) => q.name === name); if (known) return known.title; }
  if (OUTCOMES[name]) return OUTCOMES[name];
  const [kind, one, gate] = name.split(".");
  if (kind === "gate") { const draft = data.drafts.find((d) => d.name === one); return `${draft ? draft.title : one}: ${GATES[gate]}`; }
  return one.replaceAll("_", " ");
};

const LEVELS = [0.01, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9];
const thresholds = () => {
  const select = at("threshold");
  const before = select.value;
  const likely = !inYears(quantity);
  const options = [["", likely ? "a half, or else the quarter of the draws at that end" : "the quarter of the draws at that end"], ...(likely ? LEVELS.map((p) => [String(p), percent(p)]) : [])];
  select.replaceChildren(...options.map(([value, text]) => made("option", { value, textContent: text })));
  if (options.some(([value]) => value === before)) select.value = before;
};

const scatterSpec = (box) => {
  const { scatter } = box;
  const [left, right, bottom, top] = scatter.box;
  const rows = scatter.points.map(([x, y, p, weight]) => ({ x, y, holds: (found.above ? p > found.threshold : p < found.threshold) ? box.condition : "is not", told: level(p), weight }));
  const axis = (names) => (names.length ? { values: names.map(([, v]) => v), labelExpr: `(${JSON.stringify(Object.fromEntries(names.map(([n, v]) => [String(v), n.replaceAll("_", " ")])))})[toString(datum.value)]` } : { tickCount: 5 });
  const scale = { zero: false, nice: true };
  const kinds = [box.condition, "is not"];
  const upAxis = scatter.up_is_answer && !inYears(quantity) ? { format: ".0%", tickCount: 5 } : axis(scatter.names[1]);
  return {
    width: 380, height: 260,
    layer: [
      { data: { values: [{ left, right, bottom, top }] }, mark: { type: "rect", fill: colours.sky, fillOpacity: 0.22, stroke: colours.blue, strokeWidth: 1.6 },
        encoding: { x: { field: "left", type: "quantitative", scale }, x2: { field: "right" }, y: { field: "bottom", type: "quantitative", scale }, y2: { field: "top" } } },
      { data: { values: rows }, mark: { type: "point", filled: true },
        encoding: {
          x: { field: "x", type: "quantitative", title: scatter.across, scale, axis: axis(scatter.names[0]) },
          y: { field: "y", type: "quantitative", title: scatter.up_is_answer ? "the answer" : scatter.up, scale, axis: upAxis },
          color: { field: "holds", type: "nominal", scale: { domain: kinds, range: [colours.blue, colours.vermillion] }, legend: { title: null } },
          shape: { field: "holds", type: "nominal", scale: { domain: kinds, range: ["circle", "cross"] }, legend: { title: null } },
          size: { field: "weight", type: "quantitative", scale: { domain: [0, 1], range: [8, 60] }, legend: null },
          opacity: { value: 0.75 },
          tooltip: [{ field: "x", type: "quantitative", title: scatter.across, format: ".3~g" }, { field: "told", type: "nominal", title: "Answer" }],
        } },
    ],
  };
};

const showBox = () => {
  const box = found.box;
  at("box-pictures").replaceChildren();
  at("box-table").replaceChildren();
  at("into-box").hidden = !box || Object.keys(box.centre).length === 0;
  at("box-says").textContent = box ? `${found.reason ? `${found.reason} So another threshold: ` : ""}${box.sentence}` : found.reason || "No box was found.";
  if (!box) return;
  const inside = box.scatter.points.filter(([x, y]) => x >= box.scatter.box[0] && x <= box.scatter.box[1] && y >= box.scatter.box[2] && y <= box.scatter.box[3]);
  const left = made("div");
  const right = made("div");
  at("box-pictures").append(left, right);
  chart(left, scatterSpec(box), {
    title: "The box among the draws",
    says: `Each mark is a draw, the larger the more it weighs; the shaded field is the box${box.limits.length > 2 ? `, seen over its first two of ${box.limits.length} limits` : ""}. ${inside.length} of the ${box.scatter.points.length} draws shown lie in it; inside, “${found.title}” ${box.condition} in ${percent(box.density)} of the draws, of all draws in ${percent(box.base)}.`,
    table: { columns: [box.scatter.across, box.scatter.up_is_answer ? "The answer" : box.scatter.up, "Answer", { title: "Weight", numeric: true }].filter((_, k) => !(box.scatter.up_is_answer && k === 1)),
      rows: box.scatter.points.map(([x, y, p, w]) => [number(x), ...(box.scatter.up_is_answer ? [] : [number(y)]), { text: level(p), sort: p }, w.toFixed(2)]), caption: "Draws shown" },
  });
  right.append(
    table(["Parameter", "Within", { title: "Spurious", numeric: true }], box.limits.map((b) => [b.unit ? `${b.title} (${b.unit})` : b.title, b.words, b.spurious]), "Limits of the box, and the chance that each is spurious"),
    made("details", {}, made("summary", { textContent: "Fewer or more limits" }), table(box.path.columns.map((title, k) => ({ title, numeric: box.path.numeric[k] })), box.path.rows, box.path.caption)),
  );
  figure(at("box-table"), box.figure);
};

const showFound = () => {
  at("drives-card").hidden = !found;
  at("box-card").hidden = !found;
  choose();
  showNow();
  if (!found) { at("headline").textContent = ""; at("cautions").textContent = ""; return; }
  // The finding first; what limits it stands below, smaller.
  const [finding, ...cautions] = found.sentence.split(/(?<=\.) (?=The polynomial|All of this)/);
  at("headline").textContent = finding;
  at("cautions").textContent = cautions.join(" ");
  at("drives").replaceChildren();
  for (const one of found.figures) figure(at("drives"), one);
  at("quality").textContent = found.quality;
  at("quality").classList.toggle("bad", !found.trusted);
  thresholds();
  showBox();
  parameterList();
};

const key = (asked) => JSON.stringify([asked.version, Object.entries(asked.set).sort(), [...asked.off].sort()]);
let asking = 0;
let boxedFor = "";
let box = null;
const unbox = () => { if (box) box.stop(); box = null; boxedFor = ""; at("job").replaceChildren(); };
const look = async () => {
  const mine = ++asking;
  const more = { quantity: quantity || null, above: at("side").value === "above", threshold: at("threshold").value === "" ? null : Number(at("threshold").value) };
  const main = at("main");
  const timer = setTimeout(() => main.classList.add("busy"), 150);
  try {
    let problem = null;
    const ask = async (asked) => {
      try {
        return (await send("POST", path, { ...asked, ...more })).found;
      } catch (error) {
        if (error.code === "failed" && more.quantity) { more.quantity = null; return ask(asked); }
        if (error.code !== "no-draws") throw error;
        problem = error;
        return null;
      }
    };
    let asked = body();
    const missing = key(asked);
    let answer = await ask(asked);
    const own = answer !== null;
    if (!own && moved()) {
      // The draws of the case as saved still say what it hangs on while the sliders are elsewhere.
      asked = body({ set: {}, off: [] });
      answer = await ask(asked);
    }
    if (mine !== asking) return;
    found = answer;
    ofScenario = answer ? key(asked) : "";
    if (found) quantity = found.quantity;
    if (own) unbox();
    else if (boxedFor !== missing) {
      unbox();
      boxedFor = missing;
      box = jobBox(at("job"), "sensitivity", { draws: DRAWS, ...(quantity ? { question: quantity } : {}) }, look);
    }
    at("made").replaceChildren(...(found
      ? [`${own ? "" : "No draws were solved for the sliders as they stand; these are those of the case as saved. "}Draws solved ${moment(found.created)}, `, made("a", { href: `/runs/${found.run}`, textContent: `run ${found.run}` }), `. ${found.weighing}`]
      : [problem ? `${capital(problem.message)}.` : "No draws of the uncertain numbers have been solved for this scenario yet. Until then, the line below moves one number at a time."]));
    showFound();
  } catch (error) {
    if (mine === asking) showError(error);
  } finally {
    clearTimeout(timer);
    if (mine === asking) main.classList.remove("busy");
  }
};

at("quantity").addEventListener("change", () => {
  quantity = at("quantity").value;
  remember();
  showNow();
  showLine();
  at("threshold").value = "";
  if (found) look();
});
for (const id of ["side", "threshold"]) at(id).addEventListener("change", look);
at("into-box").addEventListener("click", (event) => {
  const set = found.box.centre;
  change({ set, keep: true }, event);
  say(`${counted(Object.keys(set).length, "slider")} set into the middle of the box.`);
});

let timer = 0;
onChange((what) => {
  if (!what.set && !what.off) return;
  clearTimeout(timer);
  timer = setTimeout(() => { if (ofScenario !== key(body()) || !found) look(); }, 400);
});

// ------------------------------------------------------------------------------------------------- along one slider
let chosen = "";
let points = new Map();
let lineAsked = 0;
let drawn = null;
const spread = (stops) => (stops.length <= STOPS ? stops : Array.from({ length: STOPS }, (_, k) => stops[Math.round((k * (stops.length - 1)) / (STOPS - 1))]));
const current = (p) => (scenario.set.has(p.name) ? scenario.set.get(p.name) : p.central);
const parameterList = () => {
  const rank = new Map();
  if (found) {
    const torn = found.figures.find((f) => f.name === "tornado");
    if (torn) torn.table.rows.forEach((row, k) => rank.set(row[0], k));
  }
  const sorted = parameters.filter((p) => p.stops.length > 1).sort((a, b) => (rank.get(a.title) ?? 1e6) - (rank.get(b.title) ?? 1e6));
  if (!sorted.length) {
    at("line").replaceChildren(made("p", { className: "muted", textContent: "The case has no uncertain number." }));
    at("parameter").disabled = true;
    return;
  }
  const fresh = !at("parameter").options.length || !touchedLine;
  if (fresh) chosen = sorted[0].name;
  at("parameter").replaceChildren(...sorted.map((p) => made("option", { value: p.name, textContent: p.title, selected: p.name === chosen })));
  if (fresh) line();
};
let touchedLine = false;
at("parameter").addEventListener("change", () => { touchedLine = true; chosen = at("parameter").value; line(); });

const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const line = async () => {
  const mine = ++lineAsked;
  const p = parameters.find((one) => one.name === chosen);
  if (!p) return;
  points = new Map();
  const stops = [...new Set([...spread(p.stops), current(p)])].sort((a, b) => a - b);
  const others = body();
  await rest(50);
  for (const [k, stop] of stops.entries()) {
    if (mine !== lineAsked) return;
    at("line-progress").textContent = `Worked out: ${k} of ${counted(stops.length, "stop")}.`;
    try {
      for (;;) {
        try {
          const told = await send("POST", `${path}/at`, { ...others, set: { ...others.set, [p.name]: stop }, ahead: true });
          if (mine !== lineAsked) return;
          points.set(stop, told.answers);
          break;
        } catch (error) {
          if (error.code !== "busy" || mine !== lineAsked) throw error;
          await rest(700);
        }
      }
    } catch (error) {
      if (mine === lineAsked) { at("line-progress").textContent = `A stop could not be worked out: ${error.message}`; }
      return;
    }
    showLine();
  }
  at("line-progress").textContent = "";
};

const named = (p, value) => { const one = p.names.find(([, v]) => Math.abs(v - value) < 1e-9); return one ? one[0] : number(value); };
const showLine = () => {
  const p = parameters.find((one) => one.name === chosen);
  if (!p || !points.size) return;
  const rows = [...points].filter(([, told]) => told[quantity] !== undefined).map(([value, told]) => ({ value, p: told[quantity], told: level(told[quantity]), at: named(p, value) }));
  if (!rows.length) return;
  rows.sort((a, b) => a.value - b.value);
  const here = current(p);
  const top = Math.max(...rows.map((r) => r.p));
  const likely = !inYears(quantity);
  const ceiling = likely ? [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1].find((end) => top <= end) ?? 1 : undefined;
  const x = { field: "value", type: "quantitative", title: p.unit ? `${p.title} (${p.unit})` : p.title, scale: { zero: false, nice: false, domain: [p.stops[0], p.stops.at(-1)] },
    axis: p.names.length ? { values: p.stops, labelExpr: `(${JSON.stringify(Object.fromEntries(p.names.map(([n, v]) => [String(v), n])))})[toString(datum.value)] || format(datum.value, '.3~g')` } : { tickCount: 8, format: ".3~g" } };
  const y = { field: "p", type: "quantitative", title: null, scale: likely ? { domain: [0, ceiling] } : { zero: true }, axis: likely ? { format: ceiling <= 0.02 ? ".1%" : ".0%", tickCount: 5 } : { tickCount: 5 } };
  const mark = (value, dash, colour) => ({ data: { values: [{ value }] }, mark: { type: "rule", strokeDash: dash, color: colour, strokeWidth: 1.4 }, encoding: { x } });
  const spec = {
    width: 560, height: 220,
    layer: [mark(p.central, [2, 3], colours.muted), mark(here, [1, 0], colours.vermillion),
      { data: { values: rows }, mark: { type: "line", color: colours.blue, strokeWidth: 2.5 }, encoding: { x, y } },
      { data: { values: rows }, mark: { type: "point", filled: true, size: 60, color: colours.blue, opacity: 1 }, encoding: { x, y, tooltip: [{ field: "at", type: "nominal", title: p.title }, { field: "told", type: "nominal", title: "Answer" }] } }],
  };
  const [first, last] = [rows[0], rows.at(-1)];
  const says = `“${titleOf(quantity)}” along “${p.title}”: ${first.told} at ${first.at}, ${last.told} at ${last.at}. Dotted: the central value; whole line: where the slider stands (${named(p, here)}).`;
  const shown = { columns: [{ title: p.unit ? `${p.title} (${p.unit})` : p.title, numeric: !p.names.length }, { title: "Answer", numeric: true }], rows: rows.map((r) => [{ text: r.at, sort: r.value }, { text: r.told, sort: r.p }]), caption: `The answer along “${p.title}”` };
  if (!drawn) drawn = chart(at("line"), spec, { says, table: shown });
  else { drawn.spec(spec); drawn.says(says); drawn.table(shown); }
};
let lineTimer = 0;
onChange((what) => {
  if (!what.set && !what.off) return;
  lineAsked += 1;
  clearTimeout(lineTimer);
  lineTimer = setTimeout(line, 600);
});

if (!data || data.trouble) {
  at("now").textContent = "";
  at("headline").textContent = "A case with errors cannot be examined: mend it first.";
} else {
  live(`${path}/at`, {}, (told) => {
    now = told.answers;
    if (!found) choose();
    showNow();
    if (points.size) showLine();
  });
  look().then(() => { if (!at("parameter").options.length) parameterList(); });
}
