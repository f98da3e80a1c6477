// The verdict, refreshed with every move: words first, then gates, life, outcomes and questions.
import { say, send, showError } from "./api.js";
import { category, chart, colours, dashes, dayTip, eventLayers, shareAxis, timeAxis } from "./chart.js";
import { element as make } from "./element.js";
import { body, change, live, moved, onChange, scenario, suggestDraft } from "./scenario.js";
import { capital, change as points, day, fullDate, likelihood, listed, month, percent, unbroken, words, years } from "./words.js";

const at = (id) => document.getElementById(id);
const path = `/api/cases/${scenario.case}/verdict`;
at("main").dataset.prefetch = "verdict";

let now = null;
let saved = null;
let asking = null;

/** The answer for the case as saved, asked once when there is something to compare. */
const baseline = async () => {
  if (!moved()) return null;
  if (saved) return saved;
  asking ??= send("POST", path, body({ set: {}, off: [] })).finally(() => { asking = null; });
  saved = await asking;
  return saved;
};

const difference = (value, before) => {
  const text = before === undefined || before === null ? "" : points(value - before);
  const span = make("span", { className: "diff" });
  span.textContent = text;
  if (text) {
    span.classList.add(value > before ? "up" : "down");
    span.append(make("span", { className: "hidden", textContent: " against the case as saved" }));
  }
  return span;
};

// Gates: one row a draft, made once, then changed in place.
const GATES = [["sign", "Sign"], ["ratify", "Ratify"], ["keep", "Keep"], ["holds", "All three"]];
const rows = new Map();

const gatesTable = (drafts) => {
  const table = make("table", { className: "table gates" });
  table.createCaption().textContent =
    "Would it be signed, ratified and kept? Each draft alone on the table. Choose one with the mouse or the arrow keys.";
  const heads = table.createTHead().insertRow();
  for (const title of ["Draft", ...GATES.map(([, name]) => name)]) heads.append(make("th", { scope: "col", textContent: title }));
  const list = table.createTBody();
  for (const draft of drafts) {
    const line = list.insertRow();
    const choice = make("input", { type: "radio", name: "draft", value: draft.draft });
    choice.addEventListener("change", (event) => change({ draft: draft.draft }, event));
    line.append(make("th", { scope: "row" }, make("label", {}, choice, make("span", { textContent: draft.title }))));
    const cells = {};
    for (const [key] of GATES) {
      const cell = make("td", { className: "gate" });
      const word = make("span", { className: "word" });
      const num = make("span", { className: "num" });
      const bar = make("span", { className: "bar" }, make("i"), make("b", { hidden: true }));
      bar.setAttribute("aria-hidden", "true");
      const diff = make("span", { className: "change" });
      cell.append(word, make("span", { className: "line" }, num, diff), bar);
      line.append(cell);
      cells[key] = { cell, word, num, bar, diff };
    }
    line.addEventListener("click", (event) => {
      if (event.target !== choice && !event.target.closest("label")) choice.click();
    });
    line.className = "choosable";
    rows.set(draft.draft, { line, choice, cells });
  }
  const holder = make("div", { className: "scroll" }, table);
  at("gates").replaceChildren(holder);
};

const chosenDraft = () => now.drafts.find((draft) => draft.draft === scenario.draft) || best(now.drafts);
const best = (drafts) => drafts.reduce((a, b) => (b.holds > a.holds ? b : a), drafts[0]);

const showGates = (before) => {
  for (const draft of now.drafts) {
    const row = rows.get(draft.draft);
    const was = before && before.drafts.find((other) => other.draft === draft.draft);
    for (const [key] of GATES) {
      const { word, num, bar, diff } = row.cells[key];
      const waived = key === "ratify" && draft.waived;
      word.textContent = waived ? "not needed" : capital(words(draft[key]));
      num.textContent = waived ? "" : percent(draft[key]);
      bar.hidden = waived;
      bar.style.setProperty("--p", String(draft[key]));
      bar.classList.toggle("low", draft[key] < 0.5);
      bar.lastChild.hidden = !was;
      if (was) bar.style.setProperty("--was", String(was[key]));
      diff.replaceChildren(was && !waived ? difference(draft[key], was[key]) : "");
    }
  }
};

const showDraft = (before) => {
  const draft = chosenDraft();
  const was = before && before.drafts.find((other) => other.draft === draft.draft);
  for (const [name, { line, choice }] of rows) {
    choice.checked = name === draft.draft;
    if (name === draft.draft) line.setAttribute("aria-current", "true");
    else line.removeAttribute("aria-current");
  }
  const ends = draft.ended_by.filter((end) => end.probability >= 0.005).slice(0, 4)
    .map((end) => `${end.who} (${percent(end.probability)})`);
  const pairs = make("dl", { className: "pairs" });
  const pair = (name, ...value) => pairs.append(make("dt", { textContent: name }), make("dd", {}, ...value));
  pair("Legal form", draft.form);
  const life = make("span", { textContent: years(draft.life) });
  const longer = was ? draft.life - was.life : 0;
  pair("Mean life, once in force", life, Math.abs(longer) >= 0.05 ? ` (${longer > 0 ? "+" : "−"}${Math.abs(longer).toFixed(1)} against the case as saved)` : "");
  if (ends.length) pair("Most often ended by", listed(ends));
  at("draft").replaceChildren(make("h3", { textContent: draft.title }), make("p", { textContent: draft.sentence }), pairs);
};

// Pictures: made once, then given other rows.
let survival = null;
let outcomes = null;
let shape = "";

const curves = (drafts, dates, until) => {
  const days = dates.map(day);
  return drafts.flatMap((draft) => draft.alive.slice(0, until + 1).map((p, t) => ({ date: days[t], p, draft: draft.title })));
};
const lastAlive = (answers) => {
  const last = answers.flatMap((answer) => answer.drafts.map((draft) => draft.alive.findLastIndex((p) => p > 0.01)));
  const length = answers[0].dates.length;
  return Math.min(length - 1, Math.max(4, ...last) + 4);
};

const survivalSpec = (answer, until) => {
  const days = answer.dates.map(day).slice(0, until + 1);
  const titles = answer.drafts.map((draft) => draft.title);
  const legend = { title: null, orient: "bottom", columns: 3, symbolType: "stroke", symbolSize: 900 };
  const x = timeAxis(days);
  return {
    width: "container", height: 250,
    params: [{ name: "chosen", value: "" }],
    layer: [
      {
        data: { name: "saved", values: [] },
        mark: { type: "line", strokeWidth: 1.5, color: colours.grey, strokeDash: [2, 2], clip: true },
        encoding: { x, y: shareAxis("still running"), tooltip: [{ field: "draft", type: "nominal", title: "As saved" }, dayTip(), { field: "p", type: "quantitative", title: "Still running", format: ".1%" }] },
      },
      {
        data: { name: "curves", values: [] },
        mark: { type: "line", clip: true },
        encoding: {
          x, y: shareAxis("still running"),
          color: { field: "draft", type: "nominal", scale: { domain: titles, range: titles.map((_, k) => category[k % category.length]) }, legend },
          strokeDash: { field: "draft", type: "nominal", scale: { domain: titles, range: titles.map((_, k) => dashes[k % dashes.length]) }, legend },
          strokeWidth: { condition: { test: "datum.draft === chosen", value: 3.4 }, value: 1.6 },
          opacity: { condition: { test: "datum.draft === chosen", value: 1 }, value: 0.75 },
          tooltip: [{ field: "draft", type: "nominal", title: "Draft" }, dayTip(), { field: "p", type: "quantitative", title: "Still running", format: ".1%" }],
        },
      },
      ...eventLayers(answer.events.map((event) => ({ ...event, date: day(event.date) })), days),
    ],
  };
};

const NAMES = { deal: "deal in force", none: "no deal, no war", war: "war" };
const areas = (answer) => {
  const days = answer.outcomes.dates.map(day);
  return Object.entries(NAMES).flatMap(([key, name], order) =>
    answer.outcomes[key].map((p, t) => ({ date: days[t], p, outcome: name, order })));
};
const readings = (answer) => answer.outcomes.dates.map((date, t) => ({
  date: day(date), ...Object.fromEntries(Object.entries(NAMES).map(([key, name]) => [name, percent(answer.outcomes[key][t])])),
}));
const outcomesSpec = (answer) => {
  const days = answer.outcomes.dates.map(day);
  return {
    width: "container", height: 220,
    layer: [
      {
        data: { name: "areas", values: [] },
        mark: { type: "area", line: false },
        encoding: {
          x: timeAxis(days), y: { ...shareAxis("probability"), stack: "zero" },
          color: { field: "outcome", type: "nominal", scale: { domain: Object.values(NAMES), range: [colours.green, colours.pale, colours.vermillion] }, legend: { title: null, orient: "bottom", columns: 4 } },
          order: { field: "order", type: "quantitative" },
        },
      },
      ...eventLayers(answer.events.map((event) => ({ ...event, date: day(event.date) })), days),
      {
        data: { name: "readings", values: [] },
        mark: { type: "rule", opacity: 0, strokeWidth: Math.ceil(900 / days.length) },
        encoding: { x: timeAxis(days), tooltip: [dayTip(), ...Object.values(NAMES).map((name) => ({ field: name, type: "nominal" }))] },
      },
    ],
  };
};

const drawSurvival = (answer, before, until) => {
  const draft = chosenDraft();
  const told = answer.drafts.map((one) => `${one.title}: ${percent(one.alive.at(-1))} at the horizon, mean life ${years(one.life)}`);
  const says = `Each draft is put in force at the start, whatever its chance of being signed. ${told.join("; ")}.${before ? " Thin dotted: the chosen draft as saved." : ""}`;
  const was = before && before.drafts.find((one) => one.draft === draft.draft);
  const table = {
    caption: "Probability that each draft still runs on the first day of each period",
    columns: ["Date", ...answer.drafts.map((one) => ({ title: one.title, numeric: true }))],
    rows: answer.dates.map((date, t) => [{ text: fullDate(date), sort: date }, ...answer.drafts.map((one) => percent(one.alive[t]))]),
  };
  survival.says(says);
  survival.table(table);
  return Promise.all([
    survival.signal("chosen", draft.title),
    survival.data("curves", curves(answer.drafts, answer.dates, until)),
    survival.data("saved", was ? curves([was], answer.dates, until) : []),
  ]);
};

const drawOutcomes = (answer) => {
  const { dates, deal, none, war, ever_deal: everDeal, ever_war: everWar } = answer.outcomes;
  outcomes.says(
    `In ${month(dates.at(-1))}: a deal in force ${likelihood(deal.at(-1))}; war ${likelihood(war.at(-1))}; neither ${likelihood(none.at(-1))}. `
    + `At each date the three fill the whole height.${answer.events.length ? " Dotted lines mark the dated events of the case." : ""}`);
  outcomes.table({
    caption: "Probability of each outcome on the first day of each period",
    columns: ["Date", ...["Deal in force", "No deal, no war", "War", "A deal so far", "A war so far"].map((title) => ({ title, numeric: true }))],
    rows: dates.map((date, t) => [{ text: fullDate(date), sort: date }, ...[deal, none, war, everDeal, everWar].map((series) => percent(series[t]))]),
  });
  return Promise.all([outcomes.data("areas", areas(answer)), outcomes.data("readings", readings(answer))]);
};

const pictures = (answer, before) => {
  const until = answer.drafts.length ? lastAlive(before ? [answer, before] : [answer]) : 0;
  if (answer.drafts.length && !survival) {
    survival = chart(at("survival"), survivalSpec(answer, until), { says: "", table: {} });
    shape = String(until);
  } else if (survival && shape !== String(until)) {
    shape = String(until);
    survival.spec(survivalSpec(answer, until));
  }
  outcomes ??= chart(at("outcomes"), outcomesSpec(answer), { says: "", table: {} });
  return Promise.all([survival ? drawSurvival(answer, before, until) : null, drawOutcomes(answer)]);
};

const lines = new Map();
const showQuestions = (answer, before) => {
  at("asked").hidden = !answer.questions.length;
  if (!lines.size && answer.questions.length) {
    const table = make("table", { className: "table questions" });
    table.createCaption().textContent = "Dated questions, in the standard words and in numbers";
    const heads = table.createTHead().insertRow();
    for (const title of ["Question", "Date", "In words", "Probability", "Outcome"]) heads.append(make("th", { scope: "col", textContent: title }));
    const list = table.createTBody();
    for (const entry of answer.questions) {
      const line = list.insertRow();
      const word = make("td", { className: "word" });
      const bar = make("span", { className: "bar" }, make("i"), make("b", { hidden: true }));
      bar.setAttribute("aria-hidden", "true");
      const num = make("span", { className: "num" });
      const diff = make("span", {});
      line.append(
        make("th", { scope: "row", textContent: entry.text }),
        make("td", { textContent: `${entry.timing} ${fullDate(entry.date)}`, className: "when" }),
        word, make("td", { className: "gate" }, make("span", { className: "line" }, num, diff), bar),
        make("td", { textContent: entry.outcome === "unknown" ? "not known yet" : entry.outcome }));
      lines.set(entry.question, { word, num, bar, diff });
    }
    at("questions").replaceChildren(make("div", { className: "scroll" }, table));
  }
  for (const entry of answer.questions) {
    const { word, num, bar, diff } = lines.get(entry.question);
    const was = before && before.questions.find((other) => other.question === entry.question);
    word.textContent = capital(entry.words);
    num.textContent = percent(entry.probability);
    bar.style.setProperty("--p", String(entry.probability));
    bar.lastChild.hidden = !was;
    if (was) bar.style.setProperty("--was", String(was.probability));
    diff.replaceChildren(was ? difference(entry.probability, was.probability) : "");
  }
};

const show = async (answer, asked) => {
  now = answer;
  if (!Object.keys(asked.set).length && !asked.off.length) saved = answer;
  const before = await baseline();
  const sentence = unbroken(answer.sentence);
  if (at("headline").textContent !== sentence) at("headline").textContent = sentence;
  at("number").hidden = !before;
  if (before) {
    const step = difference(answer.probability, before.probability);
    at("number").replaceChildren(
      make("span", { className: "word", textContent: capital(answer.words) }), ` ${percent(answer.probability)}: `,
      step.textContent ? step : "no change", ` from ${likelihood(before.probability)} as saved`);
  }
  at("details").replaceChildren(...answer.details.map((text) => make("li", { textContent: unbroken(text) })));
  at("unsettled").hidden = answer.settled;
  for (const id of ["drafts", "lasting"]) at(id).hidden = !answer.drafts.length;
  at("happens").hidden = false;
  if (answer.drafts.length) {
    suggestDraft(best(answer.drafts).draft);
    if (!rows.size) gatesTable(answer.drafts);
    showGates(before);
    showDraft(before);
  }
  showQuestions(answer, before);
  await pictures(answer, before);
};

live(path, {}, show);
// Beside the first answer to a scenario its difference to the case as saved is wanted too.
if (moved()) baseline().catch(() => {});
onChange(async (what) => {
  if (!what.draft || what.set || what.off || !now || !now.drafts.length) return;
  try {
    const before = await baseline();
    showDraft(before);
    say(chosenDraft().sentence);
    await drawSurvival(now, before, lastAlive(before ? [now, before] : [now]));
  } catch (error) {
    showError(error);
  }
});
