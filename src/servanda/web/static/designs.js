// Designs: levers as controls with the answer at once, and the frontier of all combinations to choose from.
import { get, say, send, showError } from "./api.js";
import { chart, colours } from "./chart.js";
import { element as made } from "./element.js";
import { gateTable } from "./gatebars.js";
import { jobPlace, newestRun } from "./kept.js";
import { body, change, data, live, onChange, scenario } from "./scenario.js";
import { table } from "./table.js";
import { counted, likelihood, listed, moment, number, percent, signed, unbroken, years } from "./words.js";

const at = (id) => document.getElementById(id);
const path = `/api/cases/${scenario.case}/designs`;
const verdict = `/api/cases/${scenario.case}/verdict`;
const tones = JSON.parse(at("look").textContent).tones;
const drafts = data.drafts || [];
const close = (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));

let levers = [];
let sides = [];
let answer = null;
let written = null;
let found = null;

const pulled = () => new Set(levers.map((lever) => lever.parameter));
const at_ = (lever) => (scenario.set.has(lever.parameter) ? scenario.set.get(lever.parameter) : lever.written);
const labelOf = (lever, value) => {
  const option = lever.options.find((one) => close(one.value, value));
  return option && !lever.ranged ? option.label : number(value);
};
const heldBy = (lever) => Object.entries(lever.held_by).filter(([name]) => scenario.off.has(name)).map(([, title]) => title).at(-1) || "";
const movedLevers = () => levers.filter((lever) => !heldBy(lever) && !close(at_(lever), lever.written));
const draftOf = () => {
  if (scenario.draft && drafts.some((draft) => draft.name === scenario.draft)) return scenario.draft;
  const best = answer && [...answer.drafts].sort((a, b) => b.holds - a.holds)[0];
  return best ? best.draft : drafts.length ? drafts[0].name : "";
};

// ------------------------------------------------------------------------------------------------ the answer, live
const gates = gateTable(at("gates"), "The draft with these levers, alone on the table");
const others = gateTable(at("other-gates"), "Each of the other drafts with these levers, alone on the table");
const worth = new Map();
const pair = (key, title) => {
  if (!worth.has(key)) {
    const value = made("dd");
    at("worth").append(made("dt", { textContent: title }), value);
    worth.set(key, value);
  }
  return worth.get(key);
};

const showAnswer = () => {
  if (!answer) return;
  const mine = answer.drafts.find((draft) => draft.draft === draftOf());
  if (!mine) {
    at("headline").textContent = unbroken(answer.sentence);
    return;
  }
  const how = movedLevers().length ? "with these levers" : "as written";
  at("headline").textContent = `“${mine.title}” ${how}: ${likelihood(mine.holds)} to be signed, ratified and kept.`;
  const compared = movedLevers().length && written && writtenOf === settingOf() ? written.drafts : null;
  gates.show([mine], { before: compared });
  const rest = answer.drafts.filter((draft) => draft !== mine);
  others.show(rest, { before: compared });
  at("others").hidden = rest.length === 0;
  at("moved").textContent = movedLevers().length
    ? `Moved: ${listed(movedLevers().map((lever) => `${lever.title}: ${labelOf(lever, at_(lever))}`))}.${compared ? " The line in a bar, and the change beside it, compare with the levers as the case has them." : ""}`
    : "The levers stand as the case has them.";
  if (!answer.settled) at("moved").textContent += " Play beyond the horizon did not become stationary: the numbers are rough.";
};

// what the case says of everything that no lever sets
const settingOf = () => JSON.stringify([[...scenario.set].filter(([name]) => !pulled().has(name)).sort(), [...scenario.off].sort()]);
let writtenOf = "";
const asWritten = async () => {
  const setting = settingOf();
  if (!movedLevers().length || writtenOf === setting) return;
  const set = Object.fromEntries([...scenario.set].filter(([name]) => !pulled().has(name)));
  try {
    written = await send("POST", verdict, body({ set }));
    writtenOf = setting;
    showAnswer();
  } catch (error) {
    if (error.code !== "busy") showError(error);
  }
};

let here = null;
const showGains = (told) => {
  for (const { side, title, gain } of told.gains) {
    pair(`gain ${side}`, `Gain of ${title} over no deal`).textContent = `${signed(gain)} points`;
  }
  pair("price", "Price of moving the levers").textContent = told.price === 0 ? "none" : `${number(Number(told.price.toPrecision(4)))} points`;
  const mine = answer && answer.drafts.find((draft) => draft.draft === told.draft);
  here = mine ? { gains: told.gains.map((one) => one.gain), life: mine.life, holds: mine.holds } : null;
  markHere();
};
// Gains are differences of large values and take longer: they follow the verdict once the hand rests.
let gainsTimer = 0;
let gainsAsked = 0;
const askGains = () => {
  clearTimeout(gainsTimer);
  gainsAsked += 1;
  const turn = gainsAsked;
  for (const value of worth.values()) value.classList.add("muted");
  gainsTimer = setTimeout(async () => {
    try {
      const told = await send("POST", `${path}/gains`, body({ draft: draftOf() }));
      if (turn !== gainsAsked) return;
      for (const value of worth.values()) value.classList.remove("muted");
      showGains(told);
    } catch (error) {
      if (turn === gainsAsked && error.code !== "busy") showError(error);
    }
  }, 400);
};

// ----------------------------------------------------------------------------------------------------- the controls
const showers = [];
const pull = (lever, value, event) =>
  change({ set: { [lever.parameter]: close(value, lever.written) ? null : value }, keep: true }, event);

const choiceOf = (lever, k) => {
  const set = made("fieldset", { className: "choice" }, made("legend", { textContent: lever.title }));
  const options = lever.options.some((one) => close(one.value, lever.written))
    ? lever.options : [{ label: "as written", value: lever.written }, ...lever.options];
  const row = made("div", { className: "options" });
  const inputs = options.map((option, j) => {
    const input = made("input", { type: "radio", name: `lever-${k}`, id: `lever-${k}-${j}` });
    input.addEventListener("change", (event) => { if (input.checked) pull(lever, option.value, event); });
    const label = made("label", { className: "option", htmlFor: input.id }, input, made("span", { textContent: option.label }));
    if (close(option.value, lever.written) && option.label !== "as written") label.append(made("span", { className: "written", textContent: "as written" }));
    row.append(label);
    return { input, value: option.value };
  });
  set.append(row);
  const between = made("p", { className: "note-line" });
  set.append(between);
  return { set, show() {
    const now = at_(lever);
    for (const { input, value } of inputs) input.checked = close(value, now);
    const none = !inputs.some(({ value }) => close(value, now));
    between.textContent = none ? `Now at ${number(now)}, which is none of these.` : "";
    for (const { input } of inputs) input.disabled = Boolean(heldBy(lever));
  } };
};

const rangeOf = (lever, k) => {
  const values = [...new Set([...lever.options.map((one) => one.value), lever.written])].sort((a, b) => a - b);
  const id = `lever-${k}`;
  const input = made("input", { type: "range", id, min: 0, max: values.length - 1, step: 1 });
  const reading = made("output", { htmlFor: id });
  input.addEventListener("input", (event) => pull(lever, values[Number(input.value)], event));
  const set = made(
    "fieldset", { className: "choice" }, made("legend", { textContent: lever.title }),
    made("div", { className: "reading" }, made("label", { htmlFor: id, textContent: lever.unit || "value" }), reading), input,
  );
  return { set, show() {
    const now = at_(lever);
    const place = values.reduce((best, value, j) => (Math.abs(value - now) < Math.abs(values[best] - now) ? j : best), 0);
    input.value = String(place);
    const text = `${number(now)}${close(now, lever.written) ? ", as written" : `, written ${number(lever.written)}`}`;
    reading.textContent = text;
    input.setAttribute("aria-valuetext", text);
    input.disabled = Boolean(heldBy(lever));
  } };
};

const drawLevers = () => {
  showers.length = 0;
  if (!levers.length) {
    at("levers").replaceChildren(made("p", { textContent: "This case names no levers. Add a `levers:` block to it, and they can be pulled here." }));
    return;
  }
  at("levers").replaceChildren(...levers.map((lever, k) => {
    const { set, show } = lever.ranged ? rangeOf(lever, k) : choiceOf(lever, k);
    if (lever.note) set.append(made("p", { className: "note-line", textContent: lever.note }));
    const told = made("p", { className: "note-line" });
    set.append(told);
    showers.push(() => {
      show();
      set.classList.toggle("moved", !heldBy(lever) && !close(at_(lever), lever.written));
      const title = (drafts.find((draft) => draft.name === draftOf()) || { title: "" }).title;
      told.textContent = heldBy(lever) ? `“${heldBy(lever)}” is switched off, and that sets this number.`
        : found && idle(title, lever) ? `Changes nothing in “${title}”.` : "";
    });
    return set;
  }));
  showLevers();
};
const idle = (draft, lever) => {
  const some = found.designs.filter((design) => design.title === draft);
  return some.length > 0 && some.every((design) => !(lever.parameter in design.overrides));
};
const showLevers = () => {
  for (const show of showers) show();
  at("as-written").disabled = movedLevers().length === 0;
  for (const input of document.querySelectorAll("#drafts input")) input.checked = input.value === draftOf();
  markCurrent();
};

const writtenSet = () => new Map([...scenario.set].filter(([name]) => !pulled().has(name)));
at("as-written").addEventListener("click", (event) => {
  change({ set: writtenSet() }, event);
  say("Every lever as the case has it.");
});
if (drafts.length) {
  const row = made("div", { className: "options" });
  drafts.forEach((draft, k) => {
    const input = made("input", { type: "radio", name: "draft", id: `draft-${k}`, value: draft.name });
    input.addEventListener("change", (event) => { if (input.checked) change({ draft: draft.name }, event); });
    row.append(made("label", { className: "option", htmlFor: input.id }, input, made("span", { textContent: draft.title })));
  });
  at("drafts").append(row);
} else {
  at("drafts").append(made("p", { className: "small", textContent: "This case has no drafts." }));
}

// ------------------------------------------------------------------------------------------------------ the frontier
const LIVES = [[1, "under 1 year"], [3, "1 to 3 years"], [7, "3 to 7 years"], [Infinity, "over 7 years"]];
const lifeWord = (life) => LIVES.find(([bound]) => life < bound)[1];
const PASSES = ["passes all gates", "does not pass"];
const MOST_DRAWN = 600;
const LISTED = 12;
const MOST_LISTED = 150;
const GATE = { sign: "Sign", ratify: "Ratify", keep: "Keep" };
let listedNow = LISTED;
const passes = (design) => design.holds >= found.threshold;
const two = () => sides.length === 2;

const spec = (rows) => {
  const axis = (field, title, extra = {}) => ({ field, type: "quantitative", title, scale: { domain: reach[field], nice: true, zero: false }, axis: { tickCount: 7, ...extra } });
  const x = two() ? axis("x", `gain of ${sides[0].title}, points`) : axis("x", "mean life, years");
  const y = two() ? axis("y", `gain of ${sides[1].title}, points`) : axis("y", "signed, ratified and kept", { format: ".0%" });
  const rules = two() ? [
    { data: { values: [{}] }, mark: { type: "rule", color: colours.muted }, encoding: { x: { datum: 0, type: "quantitative" } } },
    { data: { values: [{}] }, mark: { type: "rule", color: colours.muted }, encoding: { y: { datum: 0, type: "quantitative" } } },
  ] : [];
  return {
    width: "container", height: 340, datasets: { designs: rows, here: mark() }, layer: [
      ...rules,
      {
        data: { name: "designs" },
        mark: { type: "point", filled: true, opacity: 0.9, stroke: colours.muted, strokeWidth: 0.8 },
        encoding: {
          x, y,
          color: { field: "life", type: "nominal", title: "mean life", scale: { domain: LIVES.map(([, word]) => word), range: tones.slice(1) },
            legend: { orient: "top", columns: 4 } },
          shape: { field: "passes", type: "nominal", title: "all gates", scale: { domain: PASSES, range: ["circle", "cross"] }, legend: { orient: "top", symbolFillColor: colours.grey, symbolStrokeColor: colours.grey } },
          size: { field: "size", type: "quantitative", scale: null, legend: null },
          tooltip: [
            { field: "label", title: "Design" }, { field: "chance", title: "All three gates" }, { field: "gates", title: "Gates" },
            { field: "years", title: "Mean life" }, { field: "price", title: "Price" }, { field: "robust", title: "Passes in draws" },
            { field: "kind", title: "Beside others" },
          ],
        },
      },
      {
        data: { name: "here" },
        mark: { type: "point", shape: "diamond", filled: false, size: 420, strokeWidth: 2.5, stroke: colours.vermillion, opacity: 1 },
        encoding: { x: { field: "x", type: "quantitative" }, y: { field: "y", type: "quantitative" }, tooltip: [{ field: "label", title: "Here" }] },
      },
    ],
  };
};

let figure = null;
let drawnFor = null;
const shownDesigns = () => found.designs
  .map((design, place) => ({ ...design, place }))
  .filter((design) => !at("of").value || design.draft === at("of").value)
  .filter((design) => design.frontier || at("dominated").checked || design.place === found.nearest || !design.moved.length);
const point = (gains, life, holds) => (two() ? { x: gains[0], y: gains[1] } : { x: life, y: holds });
const rowOf = (design) => ({
  ...point(design.gains, design.life, design.holds), place: design.place, label: design.label, life: lifeWord(design.life),
  passes: passes(design) ? PASSES[0] : PASSES[1], size: design.frontier ? 210 : 80, chance: percent(design.holds),
  gates: `sign ${percent(design.sign)}, ratify ${percent(design.ratify)}, keep ${percent(design.keep)}`, years: years(design.life),
  price: design.price === 0 ? "none" : `${number(design.price)} points`, robust: design.robust === null ? "not examined" : percent(design.robust),
  kind: design.frontier ? "undominated" : "dominated",
});

const setTo = (design, event) => {
  const set = writtenSet();
  for (const lever of levers) {
    const value = design.overrides[lever.parameter];
    if (value !== undefined && !close(value, lever.written)) set.set(lever.parameter, value);
  }
  change({ set, draft: design.draft }, event && event.timeStamp ? event : null);
  at("set").textContent = `The levers are set to: ${design.label}.`;
};

const isHere = (design) => design.draft === draftOf() && Object.entries(design.overrides).every(([name, value]) => {
  const lever = levers.find((one) => one.parameter === name);
  return lever ? close(at_(lever), value) : true;
});
const markCurrent = () => {
  if (!found) return;
  for (const name of document.querySelectorAll("#table [data-place]")) {
    const row = name.closest("tr");
    if (isHere(found.designs[Number(name.dataset.place)])) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
};
const mark = () => (here ? [{ ...point(here.gains, here.life, here.holds), label: "the levers as they stand" }] : []);
const inside = ({ x, y }) => x >= reach.x[0] && x <= reach.x[1] && y >= reach.y[0] && y <= reach.y[1];
const markHere = () => {
  if (!figure) return;
  if (mark().every(inside)) figure.data("here", mark());
  else drawFrontier();
};
// One frame for all that is drawn, so that marks stay where they are while designs are shown and hidden.
let reach = null;
const span = (values) => {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = 0.07 * (high - low) || 1;
  return [low - room, high + room];
};
const reachOf = () => {
  const points = [...found.designs.map((design) => point(design.gains, design.life, design.holds)), ...mark(), ...(two() ? [{ x: 0, y: 0 }] : [])];
  return { x: span(points.map(({ x }) => x)), y: span(points.map(({ y }) => y)) };
};
const listen = () => {
  const view = figure.view();
  if (view) view.addEventListener("click", (event, item) => {
    const place = item && item.datum ? item.datum.place : undefined;
    if (place !== undefined) setTo(found.designs[place], event);
  });
};

const drawFrontier = () => {
  const list = shownDesigns();
  const drawn = list.slice(0, MOST_DRAWN).map(rowOf).reverse();
  const counts = `${counted(list.length, "design")} shown, ${list.filter(passes).length} of them pass all gates with ${percent(found.threshold)} or more`;
  const best = list[0];
  const says = `${counts}. Circles pass, crosses do not; the colour tells the mean life once in force; large marks are undominated: no other is at least as good in `
    + `${two() ? "both gains, " : ""}mean life and price. The open diamond is where the levers stand. ${best ? `Likeliest to hold: ${best.label}, ${likelihood(best.holds)}.` : ""}`
    + (list.length > MOST_DRAWN ? ` The first ${MOST_DRAWN} are drawn.` : "") + " Click a mark, or choose a row of the table, to set the levers to it.";
  if (figure && drawnFor === found && mark().every(inside)) {
    figure.data("designs", drawn);
    figure.data("here", mark());
  } else {
    reach = reachOf();
    drawnFor = found;
    const title = two() ? "What each side gains, how long it lasts, and which ones hold" : "How long it lasts, and how likely it holds";
    if (figure) figure.spec(spec(drawn)).then(listen);
    else {
      figure = chart(at("figure"), spec(drawn), { title, says });
      figure.ready.then(listen);
    }
  }
  figure.says(says);
  drawTable(list);
};

const drawTable = (list) => {
  const priced = found.designs.some((design) => design.price !== 0);
  const tried = found.designs.some((design) => design.robust !== null);
  const chance = (p) => ({ text: percent(p), sort: p });
  const columns = [
    "Design", { title: "All three", numeric: true }, { title: "Weakest gate" },
    ...sides.map((side) => ({ title: `Gain: ${side.title}`, numeric: true })), { title: "Mean life", numeric: true },
    ...(priced ? [{ title: "Price", numeric: true }] : []), ...(tried ? [{ title: "Robust", numeric: true }] : []),
  ];
  const shown = list.slice(0, listedNow);
  const rows = shown.map((design) => ({
    current: isHere(design),
    onClick: (event) => setTo(design, event),
    cells: [
      { node: named(design), sort: design.label }, chance(design.holds),
      { text: `${GATE[design.binding]} ${percent(design[design.binding])}`, sort: design[design.binding] },
      ...design.gains.map((gain) => ({ text: signed(gain), sort: gain })), { text: years(design.life), sort: design.life },
      ...(priced ? [{ text: number(design.price), sort: design.price }] : []),
      ...(tried ? [{ text: design.robust === null ? "–" : percent(design.robust), sort: design.robust ?? -1 }] : []),
    ],
  }));
  const caption = `Designs, the likeliest to hold first${list.length > shown.length ? `, the first ${shown.length} of ${list.length.toLocaleString("en-GB")}` : ""}: choose one (click, or Enter on its row) to set the levers to it`;
  at("table").replaceChildren(table(columns, rows, caption));
  const more = Math.min(list.length, MOST_LISTED) - shown.length;
  if (more > 0) {
    const button = made("button", { type: "button", className: "button", textContent: `Show ${counted(more, "more design")}` });
    button.addEventListener("click", () => {
      listedNow = MOST_LISTED;
      drawTable(list);
      at("table").querySelectorAll("tbody tr")[shown.length].focus();
    });
    at("table").append(button);
  }
};
const named = (design) => {
  const name = made("span", {}, made("strong", { textContent: design.title }));
  name.dataset.place = String(design.place);
  if (!design.frontier && at("dominated").checked) name.append(" ", made("span", { className: "chip", textContent: "dominated" }));
  const moves = design.moved.length ? design.moved.map(([lever, choice]) => `${lever}: ${choice}`) : ["as written"];
  if (!design.settled) moves.push("far future unsettled");
  name.append(...moves.map((text) => made("span", { className: "move", textContent: text })));
  return name;
};

const showFound = (run) => {
  at("found").hidden = false;
  at("made").textContent = `From the run of ${moment(run.created)}, ${run.seconds < 1 ? "under a second" : `${Math.round(run.seconds)} s`}.`;
  at("verdict").textContent = found.sentence;
  at("change").textContent = found.change;
  const nearest = found.nearest === null ? null : found.designs[found.nearest];
  at("nearest").hidden = !nearest;
  if (nearest) at("nearest").textContent = `Set the levers to ${found.verdict === "structure" ? "the nearest design" : "the likeliest to hold"}`;
  at("islands").replaceChildren(...[...found.islands, ...found.idle].map((text) => made("li", { textContent: text })));
  const robust = found.draws ? ` Robust: the share of ${counted(found.draws, "draw")} of all uncertain numbers in which a design passes.` : "";
  at("searched").textContent = `${found.searched}${robust}`;
  const tabled = new Map(found.designs.map((design) => [design.draft, design.title]));
  at("of").replaceChildren(made("option", { value: "", textContent: "every draft" }), ...[...tabled].map(([value, text]) => made("option", { value, textContent: text })));
  at("dominated").checked = found.designs.filter((design) => design.frontier).length < 8;
  drawFrontier();
  showLevers();
};
at("nearest").addEventListener("click", (event) => setTo(found.designs[found.nearest], event));
for (const id of ["of", "dominated"]) at(id).addEventListener("change", () => { listedNow = LISTED; drawFrontier(); });

let loaded = "";
const job = jobPlace(at("job"), "designs", () => load(true), { set: () => writtenSet() });
const load = async (force = false) => {
  const key = settingOf();
  if (loaded === key && !force) return;
  loaded = key;
  try {
    const run = await newestRun("designs", { left: [...pulled()] });
    const told = run ? await get(`/api/runs/${run.id}/designs`) : null;
    if (loaded !== key) return;
    found = told;
    if (found) showFound(run);
    else {
      at("found").hidden = true;
      at("made").textContent = "Nobody has searched the designs of this case with these numbers yet. Every combination of levers, for every draft, says whether only a draft fails or the structure does.";
    }
    job.show(!found);
  } catch (error) {
    loaded = "";
    showError(error);
  }
};

const begin = async () => {
  try {
    const told = await send("POST", `${path}/levers`, body());
    levers = told.levers;
    sides = told.sides;
    drawLevers();
  } catch (error) {
    showError(error);
    return;
  }
  live(verdict, {}, (told) => {
    answer = told;
    showLevers();
    showAnswer();
    asWritten();
    if (drafts.length) askGains();
  });
  let timer = 0;
  onChange((what) => {
    showLevers();
    if (what.draft && !what.set && !what.off) { showAnswer(); askGains(); }
    clearTimeout(timer);
    timer = setTimeout(load, 400);
  });
  if (levers.length && drafts.length) load();
};
if (data.controls) begin();
else at("headline").textContent = "This version of the case cannot be played.";
