// The forecast: dated questions with confidence kept apart, evidence taken away piece by piece, and the register.
import { get, say, send, showError } from "./api.js";
import { chart, colours } from "./chart.js";
import { element as made } from "./element.js";
import { jobBox } from "./job.js";
import { body, data, live, onChange, scenario } from "./scenario.js";
import { table } from "./table.js";
import { capital, change as points, counted, fullDate, likelihood, listed, moment, percent, signed, words } from "./words.js";

const at = (id) => document.getElementById(id);
const path = `/api/cases/${scenario.case}/forecast`;
const DRAWS = 256;
const STEP = 16;

let found = null; // the kept forecast of the scenario at hand
let central = null; // answers at the numbers as they stand, where there is none
let question = new URLSearchParams(location.search).get("question") || "";
let out = new Set(new URLSearchParams(location.search).getAll("without"));
let part = null; // {kind, answers: Map(question -> {mean, low, high}), choices, text}

// What of this page belongs into the address, beside the scenario.
const remember = () => {
  const query = new URLSearchParams(location.search);
  query.delete("question");
  query.delete("without");
  if (question) query.set("question", question);
  for (const key of out) query.append("without", key);
  const text = query.toString().replaceAll("%3A", ":");
  history.replaceState(null, "", `${location.pathname}${text ? `?${text}` : ""}${location.hash}`);
};

const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const patiently = async (ask, still) => {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (error.code !== "busy" || !still()) throw error;
      await rest(1000 * Math.min(Math.max(error.retryAfter, 0.5), 3));
    }
  }
};

// ---------------------------------------------------------------------------------------------------- the questions
const SCALE = [0, 0.05, 0.2, 0.45, 0.55, 0.8, 0.95, 1];
const NAMES = ["almost none", "very unlikely", "unlikely", "even", "likely", "very likely", "almost sure"];
const LOOKS = [
  ["after the evidence", "circle", colours.blue, colours.blue],
  ["with the pieces chosen", "diamond", colours.vermillion, colours.vermillion],
  ["at central values", "circle", colours.blue, colours.blue],
  ["before it", "circle", colours.paper, colours.blue],
  ["base rate", "triangle-up", colours.olive, colours.olive],
];
const folded = (text, width = 44) => {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1) && `${lines.at(-1)} ${word}`.length > width) lines.push(word);
    else lines[lines.length - 1] = `${lines.at(-1)} ${word}`.trim();
  }
  return lines.length > 3 ? [...lines.slice(0, 2), `${lines[2]} …`] : lines;
};

const picture = (questions, kinds) => {
  const looks = LOOKS.filter(([kind]) => kinds.includes(kind));
  const scale = (k) => ({ domain: looks.map(([kind]) => kind), range: looks.map((look) => look[k]) });
  const legend = { title: null, orient: "bottom", symbolStrokeWidth: 1.6, columns: 4 };
  const labels = Object.fromEntries(questions.map((q) => [q.question, folded(q.text)]));
  const y = {
    field: "question", type: "nominal", sort: null, title: null, scale: { domain: questions.map((q) => q.question) },
    axis: { labelExpr: `(${JSON.stringify(labels)})[datum.value]`, labelLimit: 330, labelPadding: 8, ticks: false, domain: false, labelBaseline: "middle" },
  };
  // counted from the upper edge of a row of 44
  const offset = { field: "below", type: "quantitative", scale: { domain: [-1, 1], range: [32, 12] } };
  const tooltip = [
    { field: "text", type: "nominal", title: "Question" }, { field: "kind", type: "nominal", title: "Forecast" },
    { field: "told", type: "nominal", title: "Probability" },
  ];
  const columns = SCALE.slice(1).map((high, k) => ({ low: SCALE[k], high, shade: k % 2, name: NAMES[k], lift: k % 2 ? -20 : -8 }));
  const x = { field: "p", type: "quantitative", title: null, scale: { domain: [0, 1] }, axis: { format: ".0%", tickCount: 5 } };
  return {
    width: 430, height: { step: 44 },
    layer: [
      ...[0, 1].map((shade) => ({
        data: { values: columns.filter((c) => c.shade === shade) }, mark: { type: "rect", color: shade ? colours.paper : colours.faint },
        encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } } })),
      ...[-8, -20].map((lift) => ({
        data: { values: columns.filter((c) => c.lift === lift).map((c) => ({ p: (c.low + c.high) / 2, name: c.name })) },
        mark: { type: "text", fontSize: 11, color: colours.muted },
        encoding: { x: { field: "p", type: "quantitative" }, y: { value: lift }, text: { field: "name", type: "nominal" } } })),
      ...looks.map(([kind, , , stroke]) => ({
        data: { name: "rows" }, transform: [{ filter: `datum.kind === ${JSON.stringify(kind)} && isValid(datum.low)` }],
        mark: { type: "rule", strokeWidth: 2, color: stroke },
        encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" }, y, yOffset: offset } })),
      { data: { name: "rows" }, mark: { type: "point", opacity: 1, strokeWidth: 1.6, size: 75 }, encoding: {
        x, y, yOffset: offset, tooltip,
        shape: { field: "kind", type: "nominal", scale: scale(1), legend },
        fill: { field: "kind", type: "nominal", scale: scale(2), legend },
        stroke: { field: "kind", type: "nominal", scale: scale(3), legend } } },
    ],
    datasets: { rows: [] },
  };
};

const span = (band) => (percent(band.low) === percent(band.high) ? "" : `${percent(band.low)} to ${percent(band.high)}`);
const dot = (q, kind, value, below, low, high) => ({
  question: q.question, text: q.text, kind, p: value, below,
  told: low === undefined ? percent(value) : `${percent(value)} (${percent(low)} to ${percent(high)})`,
  ...(low === undefined || high - low < 1e-6 ? {} : { low, high }),
});
const dots = () => {
  if (!found) {
    return central.questions.flatMap((q) => [
      dot(q, "at central values", q.probability, 0),
      ...q.benchmarks.filter((b) => b.name === "base rate").map((b) => dot(q, "base rate", b.probability, -0.7)),
    ]);
  }
  const chosen = out.size && part ? part.answers : null;
  return found.questions.flatMap((q) => [
    dot(q, "after the evidence", q.after.mean, 0, q.after.low, q.after.high),
    dot(q, "before it", q.before.mean, 0.7),
    ...q.benchmarks.filter((b) => b.name === "base rate").map((b) => dot(q, "base rate", b.probability, -0.7)),
    ...(chosen && chosen.has(q.question) ? [dot(q, "with the pieces chosen", chosen.get(q.question).mean, -0.35)] : []),
  ]);
};

let drawn = null;
let drawnOf = "";
const showPicture = () => {
  const questions = found ? found.questions : central ? central.questions : [];
  at("questions-picture").hidden = questions.length === 0;
  if (!questions.length) return;
  const kinds = found
    ? ["after the evidence", ...(out.size ? ["with the pieces chosen"] : []), "before it"]
    : ["at central values"];
  if (questions.some((q) => q.benchmarks.some((b) => b.name === "base rate"))) kinds.push("base rate");
  const of = JSON.stringify([questions.map((q) => q.question), kinds]);
  const rows = dots();
  if (of !== drawnOf) {
    const spec = picture(questions, kinds);
    spec.datasets.rows = rows;
    if (drawn) drawn.spec(spec);
    else drawn = chart(at("questions-picture"), spec);
    drawnOf = of;
  } else {
    drawn.data("rows", rows);
  }
  const answers = questions.map((q) => ({ text: q.text, p: found ? q.after.mean : q.probability }));
  const top = answers.reduce((a, b) => (b.p > a.p ? b : a));
  const low = answers.reduce((a, b) => (b.p < a.p ? b : a));
  drawn.says(
    `${found ? "Dots: mean over draws after the evidence; lines hold eight draws in ten; hollow dots are before the evidence." : "Dots: the answer with every number as it stands, nothing drawn and no evidence weighed."} `
    + `Likeliest: “${top.text}” ${likelihood(top.p)}. Least likely: “${low.text}” ${likelihood(low.p)}. The shades are the ranges of the standard words.`,
  );
};

const cells = new Map();
const showQuestions = () => {
  const questions = found ? found.questions : central ? central.questions : [];
  cells.clear();
  if (!questions.length) {
    at("questions").replaceChildren(made("p", { className: "muted", textContent: found || central ? "The case asks no dated question that the model can answer." : "" }));
    return;
  }
  // A coin says the same of every question: it stands with the sources below.
  const naive = [...new Set(questions.flatMap((q) => q.benchmarks.map((b) => b.name)))].filter((name) => name !== "coin");
  const naiveHeads = naive.map((name) => ({ title: capital(name), numeric: true }));
  const naiveCells = (q) => naive.map((name) => {
    const one = q.benchmarks.find((b) => b.name === name);
    if (!one) return "–";
    return { node: made("span", { textContent: percent(one.probability), title: one.source }), sort: one.probability };
  });
  const head = (q) => ({ node: made("span", {}, q.text, made("span", { className: "under", textContent: `${q.timing} ${fullDate(q.date)}` })), sort: q.text });
  const figure = (value, under = "") => ({ node: made("span", {}, percent(value), ...(under ? [made("span", { className: "under", textContent: under })] : [])), sort: value });
  let element;
  if (found) {
    const known = found.questions.some((q) => q.outcome !== "unknown");
    const columns = ["Question", "Likelihood", { title: "After the evidence", numeric: true }, ...(found.pieces.length ? [{ title: "With pieces chosen", numeric: true }] : []),
      { title: "Before", numeric: true }, ...naiveHeads, "Confidence", ...(known ? ["Outcome"] : [])];
    element = table(columns, found.questions.map((q) => {
      const chosen = made("span");
      cells.set(q.question, chosen);
      return {
        class: q.question === question ? "chosen" : "",
        cells: [head(q), q.words, figure(q.after.mean, span(q.after)), ...(found.pieces.length ? [{ node: chosen, sort: q.after.mean }] : []), figure(q.before.mean), ...naiveCells(q),
          { node: made("span", { className: `level ${q.confidence}`, textContent: q.confidence, title: q.why }), sort: ["low", "moderate", "high"].indexOf(q.confidence) },
          ...(known ? [q.outcome === "unknown" ? "–" : q.outcome] : [])],
      };
    }), "Dated questions: mean over draws, with the ends between which eight draws in ten lie; naive forecasts; confidence");
    const why = made("details", {}, made("summary", { textContent: "Why this confidence, and what drives each answer" }),
      made("dl", {}, ...found.questions.flatMap((q) => [
        made("dt", { textContent: q.text }), made("dd", {}, q.why, ...(q.drivers.length ? [made("ul", {}, ...q.drivers.map((d) => made("li", { textContent: d })))] : [])),
      ])));
    const sources = made("details", {}, made("summary", { textContent: "Where the naive forecasts are from" }),
      table(["Question", "Naive forecast", { title: "Probability", numeric: true }, "Source"],
        found.questions.flatMap((q) => q.benchmarks.map((b) => [q.text, capital(b.name), { text: percent(b.probability), sort: b.probability }, b.source])), "Naive forecasts"));
    element = made("div", { className: "asked" }, element, why, sources);
  } else {
    element = made("div", { className: "asked" }, table(
      ["Question", "Likelihood", { title: "At central values", numeric: true }, ...naiveHeads],
      central.questions.map((q) => [head(q), q.words, figure(q.probability), ...naiveCells(q)]),
      "Dated questions with every number as it stands: nothing drawn, no evidence weighed",
    ));
  }
  at("questions").replaceChildren(element);
};

// ----------------------------------------------------------------------------------------------------- the evidence
const rows = new Map();
const textOf = (name) => (found.questions.find((q) => q.question === name) || { text: name }).text;
const pieceList = () => {
  rows.clear();
  const list = made("tbody");
  found.pieces.forEach((piece, k) => {
    const box = made("input", { type: "checkbox", id: `piece-${k}`, checked: !out.has(piece.key) });
    box.addEventListener("change", () => {
      if (box.checked) out.delete(piece.key);
      else out.add(piece.key);
      chosen();
    });
    const lane = made("span", { className: "lane" }, made("i"));
    lane.setAttribute("aria-hidden", "true");
    const told = made("span", { className: "num" });
    const shift = made("span", { className: "shift" }, lane, told);
    const line = made("tr", {},
      made("th", { scope: "row" }, made("label", { htmlFor: box.id }, box, made("span", { textContent: piece.what }))),
      made("td", { className: "day", textContent: fullDate(piece.date) }),
      made("td", {}, shift),
      made("td", { className: "n", textContent: piece.bits, title: "bits of surprise, given all others" }),
      made("td", {}, piece.grade ? made("abbr", { title: piece.grade_title, textContent: piece.grade }) : "–", piece.sources ? made("span", { className: "under small muted", textContent: ` ${piece.sources}` }) : ""));
    list.append(line);
    rows.set(piece.key, { box, line, shift, lane, told, piece });
  });
  const heads = made("tr", {}, ...["Weighed: untick to take away", "Date", "Moves the answer by, in points", "Bits", "Grade and sources"].map((title, k) => made("th", { scope: "col", textContent: title, className: k === 3 ? "n" : "" })));
  const caption = made("caption", { textContent: "Every piece that is weighed, in the order of time: the answer with all pieces less the answer without this one" });
  const holder = made("div", { className: "scroll pieces", tabIndex: 0 }, made("table", { className: "table" }, caption, made("thead", {}, heads), list));
  holder.setAttribute("role", "region");
  holder.setAttribute("aria-label", "The evidence");
  at("pieces").replaceChildren(holder);
};

const showShifts = () => {
  const of = (piece) => piece.shifts.find((s) => s.question === question);
  const largest = Math.max(...found.pieces.map((p) => { const s = of(p); return s ? Math.abs(s.full - s.without) : 0; }), 1e-9);
  for (const { line, shift, lane, told, piece, box } of rows.values()) {
    const one = of(piece);
    const by = one ? one.full - one.without : 0;
    lane.style.setProperty("--d", String(by / largest));
    shift.classList.toggle("down", by < 0);
    told.textContent = one ? signed(100 * by) : "–";
    box.checked = !out.has(piece.key);
    line.classList.toggle("off", out.has(piece.key));
  }
  at("all-pieces").disabled = out.size === 0;
  at("no-pieces").disabled = out.size === found.pieces.length;
};

const logit = (p) => { const inside = Math.min(Math.max(p, 1e-6), 1 - 1e-6); return Math.log(inside / (1 - inside)); };
const kept = () => {
  const count = found.pieces.length;
  const answers = new Map();
  if (out.size === 0 || out.size === count) {
    for (const q of found.questions) answers.set(q.question, out.size ? q.before : q.after);
    return { kind: "kept", answers };
  }
  const left = found.pieces.filter((piece) => out.has(piece.key));
  for (const q of found.questions) {
    const moves = left.map((piece) => piece.shifts.find((s) => s.question === q.question)).filter(Boolean);
    if (left.length === 1 && moves.length) answers.set(q.question, { mean: moves[0].without });
    else {
      const sum = moves.reduce((total, s) => total + logit(s.without) - logit(s.full), logit(q.after.mean));
      answers.set(q.question, { mean: 1 / (1 + Math.exp(-sum)) });
    }
  }
  return { kind: left.length === 1 ? "kept" : "estimate", answers };
};

const weighed = () => {
  const count = found.pieces.length;
  const now = count - out.size;
  if (!out.size) return `All ${counted(count, "piece")} are weighed`;
  if (!now) return "No evidence is weighed";
  const only = out.size === 1 ? `, all but “${found.pieces.find((p) => out.has(p.key)).what}”` : "";
  return `${now} of ${counted(count, "piece")} ${now === 1 ? "is" : "are"} weighed${only}`;
};

const showPart = (progress = null) => {
  const keptText = out.size === 0 || out.size === found.pieces.length
    ? `the numbers of the kept forecast, over ${counted(found.weighing.draws, "draw")}`
    : "kept with the forecast for each piece, so shown at once";
  const texts = {
    kept: `${weighed()}: ${keptText}.`,
    estimate: `${weighed()}. An estimate for now: what each piece does on its own, added up in log-odds. ${progress || "Exact numbers follow."}`,
    exact: part.exact ? `${weighed()}. Exact: ${part.exact.draws < found.weighing.draws ? "the first" : "all"} ${counted(part.exact.draws, "draw")} weighed anew, worth ${Math.round(part.exact.effective)} equally weighted ones.` : "",
    impossible: `${weighed()}. No draw can produce these pieces together, so none of them counts: the answers are those before the evidence.`,
    failed: `${weighed()}. An estimate: what each piece does on its own, added up in log-odds. The exact numbers could not be had.`,
  };
  const says = at("part-says");
  if (says.textContent !== texts[part.kind]) says.textContent = texts[part.kind];
  says.classList.toggle("bad", part.kind === "impossible" || part.kind === "failed");
  says.dataset.kind = part.kind;
  const q = found.questions.find((one) => one.question === question);
  if (q) {
    const now = part.answers.get(question) || q.after;
    const with_ = now.low !== undefined && span(now) ? `, eight draws in ten between ${percent(now.low)} and ${percent(now.high)}` : "";
    const text = `${capital(likelihood(now.mean))}${with_}. With every piece ${percent(q.after.mean)}, with none ${percent(q.before.mean)}.`;
    if (at("part-answer").textContent !== text) at("part-answer").textContent = text;
  }
  for (const one of found.questions) {
    const cell = cells.get(one.question);
    const now = part.answers.get(one.question);
    if (!cell) continue;
    if (!out.size || !now) { cell.replaceChildren("–"); continue; }
    const by = points(now.mean - one.after.mean);
    cell.replaceChildren(part.kind === "estimate" ? "≈ " : "", percent(now.mean), ...(by ? [made("span", { className: "under", textContent: by })] : []));
  }
  showWorlds();
};

const showWorlds = () => {
  const now = part && part.exact && out.size ? new Map(part.exact.choices.map((c) => [c.parameter, c])) : new Map();
  if (!found.choices.length) { at("worlds").replaceChildren(); return; }
  const with_ = now.size > 0;
  const lines = found.choices.flatMap((c) => c.choices.map(([name, before, after], k) => [
    `${c.title}: ${name}`, { text: percent(before), sort: before }, { text: percent(after), sort: after },
    ...(with_ ? [now.has(c.parameter) ? { text: percent(now.get(c.parameter).choices[k][2]), sort: now.get(c.parameter).choices[k][2] } : "–"] : []),
  ]));
  at("worlds").replaceChildren(made("h3", { textContent: "Which world it is" }), table(
    ["What is in doubt", { title: "Before", numeric: true }, { title: "With all pieces", numeric: true }, ...(with_ ? [{ title: "With the pieces chosen", numeric: true }] : [])],
    lines, "Odds of what is one of several things, before and after the evidence",
  ));
};

// Exact answers come from the server: first it solves and keeps the draws, once, then any part is soon weighed.
const exact = new Map();
let ready = 0;
let latest = 0;
const wholeKey = () => `${found.run} ${[...out].sort().join("|")}`;
const refine = async () => {
  const mine = ++latest;
  const of = found;
  const still = () => mine === latest && of === found;
  const key = wholeKey();
  const draws = Math.min(found.weighing.draws, DRAWS);
  const whole = found.weighing.draws <= DRAWS;
  if (exact.has(key)) { use(exact.get(key)); return; }
  const needed = part.kind === "estimate" || (whole && out.size > 0 && out.size < found.pieces.length && ready >= draws);
  if (!needed) return;
  await rest(120);
  if (!still()) return;
  const asked = body({ run: found.run });
  try {
    while (ready < draws) {
      showPart(`Exact numbers follow: ${ready} of ${counted(draws, "draw")} solved again.`);
      const first = ready - (ready % STEP);
      const step = await patiently(() => send("POST", `${path}/prepare`, { ...asked, first }), still);
      if (of !== found) return;
      ready = step.done;
      if (!still()) return;
    }
    const pieces = found.pieces.map((p) => p.key).filter((name) => !out.has(name));
    const answer = await patiently(() => send("POST", `${path}/part`, { ...asked, pieces }), still);
    exact.set(key, answer);
    if (still()) use(answer);
  } catch (error) {
    if (!still()) return;
    if (part.kind === "estimate") { part = { ...part, kind: "failed" }; showPart(); }
    showError(error);
  }
};
const use = (answer) => {
  part = {
    kind: answer.possible ? "exact" : "impossible", exact: answer,
    answers: new Map(answer.answers.map((a) => [a.question, a.band])),
  };
  showPart();
  showPicture();
};

const chosen = () => {
  remember();
  part = kept();
  showShifts();
  showPart();
  showPicture();
  refine();
};

at("question").addEventListener("change", () => {
  question = at("question").value;
  remember();
  for (const line of at("questions").querySelectorAll("tbody tr")) line.classList.remove("chosen");
  const cell = cells.get(question);
  if (cell) cell.closest("tr").classList.add("chosen");
  showShifts();
  showPart();
});
at("all-pieces").addEventListener("click", () => { out = new Set(); chosen(); });
at("no-pieces").addEventListener("click", () => { out = new Set(found.pieces.map((p) => p.key)); chosen(); });

// -------------------------------------------------------------------------------------------- pictures of the forecast
const figures = (place, all, wanted) => {
  place.replaceChildren();
  for (const name of wanted) {
    const figure = all.find((one) => one.name === name);
    if (!figure) continue;
    const columns = figure.table.columns.map((title, k) => ({ title, numeric: figure.table.numeric[k] }));
    chart(place, figure.spec, { title: figure.title, says: `${figure.says} ${figure.caption}`, table: { columns, rows: figure.table.rows, caption: figure.table.caption } });
  }
  return place.childElementCount > 0;
};

const showFigures = async (of) => {
  try {
    const all = (await get(`${path}/figures/${of.run}`)).figures;
    if (found !== of) return;
    at("when-card").hidden = all.length === 0;
    figures(at("when"), all, ["events", "fans"]);
    at("further").hidden = !figures(at("more"), all, ["states", "surprises", "choices", "moved", "gates", "frictions"]);
  } catch (error) {
    if (found === of) showError(error);
  }
};

// ----------------------------------------------------------------------------------------------------- the whole page
let boxed = "";
let box = null;
const unbox = () => { if (box) box.stop(); box = null; boxed = ""; at("job").replaceChildren(); };
const showAll = () => {
  const evidence = found && found.pieces.length > 0;
  at("evidence-card").hidden = !evidence;
  at("lines").hidden = !found;
  at("publish").disabled = !found || !found.questions.length || published.has(found.run);
  if (found) {
    at("headline").textContent = found.headline;
    const w = found.weighing;
    const lost = w.failed || w.unsettled ? ` ${w.failed} of ${w.draws} draws failed, ${w.unsettled} left the far future unsettled.` : "";
    at("made").replaceChildren(`Forecast of ${moment(found.created)}, information as of ${fullDate(found.as_of)}, `, made("a", { href: `/runs/${found.run}`, textContent: `kept as run ${found.run}` }), `. ${w.sentence}${lost}`);
    at("lines").replaceChildren(...found.lines.flatMap(([head, text]) => [made("dt", { textContent: head }), made("dd", { textContent: text })]));
    unbox();
  } else {
    at("made").textContent = "There is no forecast over draws for this scenario yet. Until one is made, these are the answers at central values, which move with the sliders.";
    const key = JSON.stringify(body());
    if (boxed !== key) {
      unbox();
      boxed = key;
      box = jobBox(at("job"), "forecast", { draws: DRAWS, leave_out: true }, look);
    }
  }
  showQuestions();
  if (evidence) {
    const known = new Set(found.pieces.map((p) => p.key));
    out = new Set([...out].filter((key) => known.has(key)));
    if (!found.questions.some((q) => q.question === question)) question = mostMoved();
    at("question").replaceChildren(...found.questions.map((q) => made("option", { value: q.question, textContent: q.text, selected: q.question === question })));
    at("overtaken").hidden = !found.overtaken.length;
    at("overtaken").querySelector("ul").replaceChildren(...found.overtaken.map((text) => made("li", { textContent: text })));
    pieceList();
    part = kept();
    showShifts();
    showPart();
    const cell = cells.get(question);
    if (cell) cell.closest("tr").classList.add("chosen");
    refine();
  } else {
    part = null;
  }
  showPicture();
  at("when-card").hidden = true;
  if (found) showFigures(found);
};
const mostMoved = () => {
  const sum = (name) => found.pieces.reduce((total, piece) => {
    const s = piece.shifts.find((one) => one.question === name);
    return total + (s ? Math.abs(s.full - s.without) : 0);
  }, 0);
  return found.questions.reduce((best, q) => (sum(q.question) > sum(best.question) ? q : best)).question;
};

const showCentral = () => {
  const top = central.questions.length ? central.questions.reduce((a, b) => (Math.abs(b.probability - 0.5) < Math.abs(a.probability - 0.5) ? b : a)) : null;
  at("headline").textContent = top
    ? `With every number as it stands, the most open question is “${top.text}”: ${likelihood(top.probability)}.`
    : "The case asks no dated question that the model can answer.";
};

let asking = 0;
const look = async () => {
  const mine = ++asking;
  try {
    const answer = await send("POST", path, body());
    if (mine !== asking) return;
    const other = answer.forecast;
    if ((other && other.run) !== (found && found.run) || !shown) {
      found = other;
      ready = 0;
      shown = true;
      showAll();
      if (!found) answers.refresh();
    }
  } catch (error) {
    if (mine === asking) showError(error);
  }
};
let shown = false;
let timer = 0;
onChange((what) => {
  if (!what.set && !what.off) return;
  if (found) {
    found = null;
    shown = false;
    central = null;
    showAll();
  }
  asking += 1;
  clearTimeout(timer);
  timer = setTimeout(look, 300);
});
const answers = live(`${path}/central`, () => (found || (!shown && !timer) ? null : {}), (answer) => {
  if (found) return;
  const same = central && central.questions.length === answer.questions.length;
  central = answer;
  showCentral();
  if (!same) say(at("headline").textContent);
  showQuestions();
  showPicture();
});

// ------------------------------------------------------------------------------------------------------- the register
const published = new Set();
const register = async () => {
  const answer = await get(`/api/cases/${scenario.case}/forecasts`);
  published.clear();
  for (const entry of answer.entries) published.add(entry.run);
  at("published-says").textContent = answer.sound
    ? answer.entries.length ? `${counted(answer.entries.length, "forecast")} of this case published; the register is whole.` : "Nothing of this case is published yet."
    : `The register is broken: ${answer.reason}. Nothing can be added to it.`;
  at("published-says").className = answer.sound ? "small muted" : "note bad";
  at("published").replaceChildren();
  if (answer.entries.length) {
    at("published").append(table(
      [{ title: "Entry", numeric: true }, "Published", "Information as of", "Run", { title: "Questions", numeric: true }, "Digest (SHA-256)"],
      answer.entries.map((e) => [String(e.number), { text: moment(e.time), sort: e.time }, { text: fullDate(e.as_of), sort: e.as_of },
        e.run ? { node: made("a", { href: `/runs/${e.run}`, textContent: e.run }), sort: e.run } : "–", String(e.questions.length), { node: made("span", { className: "hash", textContent: e.sha256 }), sort: e.sha256 }]),
      "Published forecasts of this case, the newest first",
    ));
    for (const e of answer.entries) {
      at("published").append(made("details", {}, made("summary", { textContent: `What entry ${e.number} says` }), table(
        ["Question", { title: "Probability", numeric: true }, "In words", "Outcome"],
        e.questions.map((q) => [`${q.text} (${q.timing} ${fullDate(q.date)})`, { text: percent(q.probability), sort: q.probability }, q.words, q.outcome || "open"]), `Entry ${e.number}`)));
    }
  }
  at("publish").disabled = !found || !found.questions.length || published.has(found.run);
};
at("publish").addEventListener("click", () => {
  at("sure-says").textContent = `${counted(found.questions.length, "answer")} of ${moment(found.created)}, information as of ${fullDate(found.as_of)}, with all evidence weighed: ${listed(found.questions.slice(0, 3).map((q) => `“${q.text}” ${percent(q.after.mean)}`))}${found.questions.length > 3 ? " and more" : ""}.`;
  at("sure").showModal();
});
at("sure-no").addEventListener("click", () => at("sure").close());
at("sure-yes").addEventListener("click", async () => {
  at("sure-yes").disabled = true;
  try {
    const entry = await send("POST", `${path}/publish`, { run: found.run });
    at("sure").close();
    await register();
    at("published-says").textContent = `Published as entry ${entry.number}. Its digest is ${entry.sha256}.`;
  } catch (error) {
    at("sure").close();
    showError(error);
  } finally {
    at("sure-yes").disabled = false;
  }
});

if (!data || data.trouble) {
  at("headline").textContent = "A case with errors has no forecast: mend it first.";
} else {
  look();
}
register().catch(showError);
