// Credibility through time: the temptation of each office-holder, and what ends the draft.
import { category, chart, colours, dashes, dayTip, eventLayers, shareAxis, timeAxis } from "./chart.js";
import { draftSwitch } from "./drafts.js";
import { live, scenario } from "./scenario.js";
import { table } from "./table.js";
import { capital, day, fullDate, likelihood, month, percent, signed, unbroken, years } from "./words.js";

const at = (id) => document.getElementById(id);
at("main").dataset.prefetch = "credibility";
draftSwitch(at("drafts"));

let tempted = null;
let endings = null;
let drawn = "";
// Moments rarer than this count less: they are drawn hollow.
const RARE = 0.05;

const daysOf = (answer) => answer.dates.map(day);
/** The last period in which anybody decides. */
const decided = (answer) => Math.max(4, ...answer.holders.map((holder) => holder.gap.findLastIndex((gap) => gap !== null)));
// Pictures end a little after the draft does: four periods past the last date at which one in a hundred still runs.
const until = (answer) => Math.min(answer.dates.length - 1, Math.max(4, answer.alive.findLastIndex((p) => p > 0.01)) + 4);
const eventsOf = (answer) => answer.events.map((event) => ({ ...event, date: day(event.date) }));

const temptedSpec = (answer) => {
  const days = daysOf(answer).slice(0, decided(answer) + 2);
  const titles = answer.holders.map((holder) => holder.title);
  const legend = { title: null, orient: "bottom", columns: 2, symbolType: "stroke", symbolSize: 900, labelLimit: 380 };
  return {
    width: "container", height: 280,
    layer: [
      ...eventLayers(eventsOf(answer), days),
      { data: { values: [{}] }, mark: { type: "rule", color: colours.ink, strokeWidth: 1.2 }, encoding: { y: { datum: 0 } } },
      {
        data: { name: "gaps", values: [] },
        mark: { type: "line", strokeWidth: 1.8 },
        encoding: {
          x: timeAxis(days),
          y: { field: "gap", type: "quantitative", title: "temptation, points", axis: { tickCount: 6 } },
          color: { field: "holder", type: "nominal", scale: { domain: titles, range: titles.map((_, k) => category[k % category.length]) }, legend },
          strokeDash: { field: "holder", type: "nominal", scale: { domain: titles, range: titles.map((_, k) => dashes[k % dashes.length]) }, legend },
        },
      },
      ...[`datum.weight >= ${RARE}`, `datum.weight < ${RARE}`].map((test, hollow) => ({
        data: { name: "gaps", values: [] },
        transform: [{ filter: test }],
        mark: hollow ? { type: "point", filled: false, fill: colours.paper, size: 34, opacity: 1 } : { type: "point", filled: true, size: 44, opacity: 1 },
        encoding: {
          x: timeAxis(days),
          y: { field: "gap", type: "quantitative" },
          color: { field: "holder", type: "nominal", scale: { domain: titles, range: titles.map((_, k) => category[k % category.length]) }, legend },
          tooltip: [
            { field: "holder", type: "nominal", title: "Holder" }, dayTip(),
            { field: "gap", type: "quantitative", title: "Temptation, points", format: "+.1f" },
            { field: "option", type: "nominal", title: "Tempting most" },
            { field: "weight", type: "quantitative", title: "Decides then, with the draft running", format: ".1%" },
            { field: "tempted", type: "quantitative", title: "Of this, tempted", format: ".0%" },
          ],
        },
      })),
    ],
  };
};
const gaps = (answer) => {
  const days = daysOf(answer);
  return answer.holders.flatMap((holder) => holder.gap.map((gap, t) => ({
    date: days[t], gap, holder: holder.title, option: holder.option[t], weight: holder.weight[t], tempted: holder.tempted[t],
  })).filter((row) => row.gap !== null));
};


const RUNNING = "still running";
const parts = (answer) => {
  const ways = [category[0], category[1], category[3], category[4], category[5], category[6]];
  return [[RUNNING, colours.green], ...answer.endings.map((ending, k) => [capital(ending.label), ending.kind === "other" ? colours.grey : ways[k % ways.length]])];
};
const endingsSpec = (answer) => {
  const days = daysOf(answer).slice(0, until(answer) + 1);
  const named = parts(answer);
  return {
    width: "container", height: 260,
    layer: [
      {
        data: { name: "shares", values: [] },
        mark: { type: "area", line: false, stroke: colours.paper, strokeWidth: 0.6 },
        encoding: {
          x: timeAxis(days), y: { ...shareAxis("probability"), stack: "zero" },
          color: { field: "way", type: "nominal", scale: { domain: named.map(([name]) => name), range: named.map(([, colour]) => colour) }, legend: { title: null, orient: "bottom", columns: 2, labelLimit: 400 } },
          order: { field: "order", type: "quantitative" },
          tooltip: [{ field: "way", type: "nominal", title: "By then" }],
        },
      },
      ...eventLayers(eventsOf(answer), days),
    ],
  };
};
const shares = (answer) => {
  const days = daysOf(answer);
  const all = [
    ...answer.alive.map((p, t) => ({ date: days[t], p, way: RUNNING, order: 0 })),
    ...answer.endings.flatMap((ending, k) =>
      [0, ...ending.by_date].map((p, t) => ({ date: days[t], p, way: capital(ending.label), order: k + 1 }))),
  ];
  return all.filter((row) => row.date <= days[until(answer)]);
};

const holders = (answer) => {
  const rows = answer.holders.map((holder) => {
    let most = -1;
    holder.gap.forEach((gap, t) => { if (gap !== null && (most < 0 || gap > holder.gap[most])) most = t; });
    if (most < 0) return [holder.title, "–", "–", "–", "–"];
    const total = holder.weight.reduce((a, b) => a + b, 0);
    const share = total ? holder.weight.reduce((sum, w, t) => sum + w * holder.tempted[t], 0) / total : 0;
    return [
      holder.title, { text: `${signed(holder.gap[most])}`, sort: holder.gap[most], class: holder.gap[most] > 0 ? "diff down" : "" },
      { text: month(answer.dates[most]), sort: answer.dates[most] }, holder.option[most], { text: percent(share), sort: share },
    ];
  });
  return table(
    ["Holder", { title: "Largest temptation", numeric: true }, "When", "By what", { title: "Tempted, of all its turns", numeric: true }],
    rows, "The largest temptation of every holder, in points of present value");
};

const show = async (answer) => {
  const sentence = unbroken(answer.sentence);
  if (at("headline").textContent !== sentence) at("headline").textContent = sentence;
  at("detail").textContent = answer.detail;
  at("ends").hidden = false;
  at("kept").textContent = `Kept to the horizon or to its own lawful end: ${likelihood(answer.keep)}. Mean life ${years(answer.life)}.`;
  at("holders").replaceChildren(...(answer.holders.length ? [holders(answer)] : []));
  const key = JSON.stringify([answer.draft, until(answer), decided(answer), answer.holders.map((h) => h.actor), parts(answer)]);
  const again = drawn !== key;
  drawn = key;
  if (!tempted) {
    tempted = chart(at("tempted"), temptedSpec(answer), { title: "Temptation to break or leave, by holder and date", table: {} });
    endings = chart(at("endings"), endingsSpec(answer), { title: "Still running, or ended by whom", table: {} });
  } else if (again) {
    tempted.spec(temptedSpec(answer));
    endings.spec(endingsSpec(answer));
  }
  tempted.figure.hidden = !answer.holders.length;
  tempted.says(
    `Above the zero line the holder gains by breaking or leaving, below it by keeping: the best move that breaks or leaves minus the best `
    + `that keeps, in points of present value, mean over the situations in which the holder decides. Choice is never sure: below the line breaking is rarer, not impossible. Hollow: fewer than one course of events in twenty gets there. ${answer.events.length ? "Dotted lines mark elections and other dated events." : ""}`);
  tempted.table({
    caption: "Temptation in points of present value, by period",
    columns: ["Date", ...answer.holders.map((holder) => ({ title: holder.title, numeric: true }))],
    rows: answer.dates.slice(0, -1).map((date, t) => [{ text: fullDate(date), sort: date }, ...answer.holders.map((holder) => (holder.gap[t] === null ? "–" : { text: signed(holder.gap[t]), sort: holder.gap[t] }))]),
  });
  const most = answer.endings.filter((ending) => ending.kind !== "other").slice(0, 3)
    .map((ending) => `${ending.label} (${percent(ending.probability)}, likeliest in ${month(ending.peak)})`);
  endings.says(`The draft is put in force at the start. At the horizon it still runs with probability ${percent(answer.alive.at(-1))}.${most.length ? ` Most often it ends thus: ${most.join("; ")}.` : ""}`);
  endings.table({
    caption: "Probability that the draft still runs, or has ended in this way, by date",
    columns: ["Date", { title: "Still running", numeric: true }, ...answer.endings.map((ending) => ({ title: capital(ending.label), numeric: true }))],
    rows: answer.dates.map((date, t) => [{ text: fullDate(date), sort: date }, percent(answer.alive[t]), ...answer.endings.map((ending) => percent(t ? ending.by_date[t - 1] : 0))]),
  });
  await Promise.all([tempted.data("gaps", gaps(answer)), endings.data("shares", shares(answer))]);
};

live(`/api/cases/${scenario.case}/credibility`, () => ({ draft: scenario.draft }), show, { on: ["set", "off", "draft"] });
