// Why a gate is tight: the margin of its tightest move as a waterfall of named terms.
import { say } from "./api.js";
import { chart, colours } from "./chart.js";
import { draftSwitch } from "./drafts.js";
import { element as make } from "./element.js";
import { live, scenario } from "./scenario.js";
import { capital, listed, month, percent, signed, words } from "./words.js";

const MOST = 9;
const at = (id) => document.getElementById(id);
at("main").dataset.prefetch = "why";
draftSwitch(at("drafts"));

const NAMES = { sign: "Sign", ratify: "Ratify", keep: "Keep" };
const digits = (move) => (Math.max(0, ...move.terms.map((term) => Math.abs(term.points))) >= 1 ? 1 : 2);

/** The terms that count, the largest first, then the sum of all others. */
const counting = (move) => {
  const least = Math.max(move.terms.length ? Math.abs(move.terms[0].points) / 50 : 0, 5e-4);
  const shown = move.terms.slice(0, MOST - 1).filter((term) => Math.abs(term.points) >= least);
  const rest = move.terms.slice(shown.length).reduce((sum, term) => sum + term.points, 0);
  return Math.abs(rest) >= 5e-4 ? [...shown, { term: "other terms", points: rest }] : shown;
};

const bars = (move) => {
  let level = 0;
  const places = digits(move);
  const rows = counting(move).map((term, order) => {
    const row = { term: term.term, from: level, to: level + term.points, text: signed(term.points, places), role: term.points >= 0 ? "for" : "against", order };
    level += term.points;
    return { ...row, edge: Math.max(row.from, row.to) };
  });
  rows.push({ term: "margin", from: 0, to: move.margin, edge: Math.max(0, move.margin), text: signed(move.margin, places), role: "margin", order: rows.length });
  return rows;
};

const specOf = (count) => ({
  width: "container", height: 24 * count,
  data: { name: "bars", values: [] },
  encoding: {
    y: { field: "term", type: "nominal", title: null, sort: { field: "order", op: "min" }, axis: { ticks: false, domain: false, labelLimit: 260 } },
    tooltip: [{ field: "term", type: "nominal", title: "Term" }, { field: "text", type: "nominal", title: "Points" }],
  },
  layer: [
    {
      mark: { type: "bar", height: 14 },
      encoding: {
        x: { field: "from", type: "quantitative", title: "points of present value", scale: { nice: false, padding: 44 }, axis: { tickCount: 6 } }, x2: { field: "to" },
        color: { field: "role", type: "nominal", legend: null, scale: { domain: ["for", "against", "margin"], range: [colours.blue, colours.vermillion, colours.ink] } },
      },
    },
    { mark: { type: "text", align: "left", dx: 5, fontSize: 12 }, encoding: { x: { field: "edge", type: "quantitative" }, text: { field: "text", type: "nominal" } } },
    { data: { values: [{}] }, mark: { type: "rule", color: colours.muted }, encoding: { x: { datum: 0 }, y: { value: 0 }, y2: { value: "height" }, tooltip: null } },
  ],
});

const told = (move) => {
  const lead = (sign) => counting(move).filter((term) => term.term !== "other terms" && sign * term.points > 0).slice(0, 2).map((term) => `${term.term} (${signed(term.points, digits(move))})`);
  const [good, bad] = [lead(1), lead(-1)];
  const sum = `${signed(move.margin, digits(move))} points`;
  return `For “${move.move}”: ${good.length ? listed(good) : "nothing"}. Against it: ${bad.length ? listed(bad) : "nothing"}. Together ${sum}.`;
};

const panels = new Map();
const panelOf = (gate, k, place) => {
  const key = `${gate.kind}-${k}`;
  if (!panels.has(key)) {
    const box = k ? make("details", { className: "fold" }, make("summary", { textContent: "The other move that a signature takes" })) : make("div");
    const head = make("h3");
    const meta = make("p", { className: "small muted" });
    const picture = make("div");
    box.append(head, meta, picture);
    place.append(box);
    panels.set(key, { box, head, meta, picture, drawing: null, rows: 0 });
  }
  return panels.get(key);
};
const cards = new Map();

const show = async (answer) => {
  at("note").hidden = !answer.note;
  at("note").textContent = answer.note;
  const waiting = [];
  for (const gate of answer.gates) {
    if (!cards.has(gate.kind)) {
      const title = make("h2", { id: `h-${gate.kind}`, textContent: NAMES[gate.kind] });
      const says = make("p", { className: "number" });
      const sentence = make("p");
      const place = make("div");
      const card = make("section", { className: "card" }, title, says, sentence, place);
      card.setAttribute("aria-labelledby", title.id);
      at("gates").append(card);
      cards.set(gate.kind, { says, sentence, place });
    }
    const { says, sentence, place } = cards.get(gate.kind);
    const bar = make("span", { className: "bar" }, make("i"));
    bar.style.setProperty("--p", String(gate.probability));
    bar.classList.toggle("low", gate.probability < 0.5);
    bar.setAttribute("aria-hidden", "true");
    says.replaceChildren(make("span", { className: "word", textContent: capital(words(gate.probability)) }), ` ${percent(gate.probability)}`, bar);
    sentence.textContent = gate.sentence;
    gate.moves.forEach((move, k) => {
      const panel = panelOf(gate, k, place);
      panel.box.hidden = false;
      panel.head.textContent = `${capital(move.actor)}, ${month(move.date)}: “${move.move}” rather than “${move.alternative}”`;
      panel.meta.textContent = move.odds === null ? "" : `Chosen, of the two, with probability ${percent(move.odds)}. Likeliest situation then: ${move.state}.`;
      const rows = bars(move);
      if (!panel.drawing) panel.drawing = chart(panel.picture, specOf(rows.length), { table: {} });
      else if (panel.rows !== rows.length) panel.drawing.spec(specOf(rows.length));
      panel.rows = rows.length;
      panel.drawing.says(told(move));
      panel.drawing.table({
        caption: `${NAMES[gate.kind]}: margin of ${move.actor} split into all its terms, in points of present value`,
        columns: ["Term", { title: "Points", numeric: true }],
        rows: [...move.terms.map((term) => [term.term, { text: signed(term.points, 3), sort: term.points }]), ["margin (sum of the terms)", { text: signed(move.margin, 3), sort: move.margin }]],
      });
      waiting.push(panel.drawing.data("bars", rows));
    });
    for (let k = gate.moves.length; panels.has(`${gate.kind}-${k}`); k += 1) panels.get(`${gate.kind}-${k}`).box.hidden = true;
  }
  const residual = Math.max(0, ...answer.gates.flatMap((gate) => gate.moves.map((move) => Math.abs(move.residual))));
  at("exact").hidden = false;
  at("exact").textContent = `“${answer.title}” alone on the table. Terms and margin are found by different code; the largest difference between a margin and the sum of its terms is ${residual.toExponential(1)} points.`;
  say(answer.gates.map((gate) => `${NAMES[gate.kind]}: ${gate.moves.length ? told(gate.moves[0]) : gate.sentence}`).join(" "));
  await Promise.all(waiting);
};

live(`/api/cases/${scenario.case}/why`, () => ({ draft: scenario.draft }), show, { on: ["set", "off", "draft"] });
