// Frictions and repairs: switches with the verdict beside them, shares and repairs from a kept run, the cost of trust.
import { get, say, send, showError } from "./api.js";
import { chart } from "./chart.js";
import { aim } from "./controls.js";
import { element as made } from "./element.js";
import { gateTable } from "./gatebars.js";
import { jobPlace, newestRun } from "./kept.js";
import { body, change, data, live, onChange, scenario } from "./scenario.js";
import { table } from "./table.js";
import { capital, counted, likelihood, moment, percent, signed, unbroken, words, years } from "./words.js";

const at = (id) => document.getElementById(id);
at("main").dataset.prefetch = "verdict";
const path = `/api/cases/${scenario.case}/verdict`;
const frictions = data.controls ? data.controls.frictions : [];
// Where two frictions set one number the later one in the case decides: they are always named in its order.
const inOrder = (names) => frictions.map((f) => f.name).filter((name) => names.has(name));

// ------------------------------------------------------------------------------------------------ the answer, live
const gates = gateTable(at("gates"), "Chance of being signed in time, ratified and kept to the horizon, each draft alone on the table");
let answer = null;
let before = null;
let beforeOf = "";

const showAnswer = () => {
  if (!answer) return;
  at("headline").textContent = unbroken(answer.sentence);
  const compared = scenario.off.size && before && beforeOf === settingOf() ? before.drafts : null;
  gates.show(answer.drafts, { before: compared, focus: found ? found.draft : scenario.draft });
  at("against").hidden = !compared;
  showKnown();
};
const settingOf = () => JSON.stringify([...scenario.set].sort());
const compare = async () => {
  const setting = settingOf();
  if (!scenario.off.size || beforeOf === setting) return;
  try {
    before = await send("POST", path, { ...body(), off: [] });
    beforeOf = setting;
    showAnswer();
  } catch (error) {
    if (error.code !== "busy") showError(error);
  }
};
if (data.controls) live(path, {}, (told) => { answer = told; showAnswer(); compare(); });
else at("headline").textContent = "This version of the case cannot be played.";

// ------------------------------------------------------------------------------------------------------ switchboard
let found = null;
const REPAIRS = 8;
const board = new Map();
const boxes = made("tbody");
const heads = made("tr");
const boardTable = made("table", { className: "table board" }, made("caption", { className: "hidden", textContent: "Frictions, to be ticked where they are switched off" }), made("thead", {}, heads), boxes);

const toggle = (name, off, event) => {
  const next = new Set(scenario.off);
  if (off) next.add(name);
  else next.delete(name);
  change({ off: inOrder(next) }, event);
};

const shareCell = (entry, largest) => {
  const bar = made("span", { className: `bar${entry.shapley < 0 ? " low" : ""}` }, made("i"));
  bar.setAttribute("aria-hidden", "true");
  bar.style.setProperty("--p", String(largest > 0 ? Math.abs(entry.shapley) / largest : 0));
  const told = entry.bit === null ? "no part" : entry.texts.shapley + (entry.error > 0 ? " ±" : "");
  return made("td", {}, made("span", { className: "share" }, bar, made("span", { className: "num", textContent: told })));
};

const drawBoard = () => {
  const columns = ["Off: tick to switch off"];
  if (found) columns.push("Share", "Off alone", "Off last", ...(found.lattice ? ["Toggled from here"] : []));
  heads.replaceChildren(...columns.map((title, k) => {
    const head = made("th", { scope: "col", textContent: title });
    if (k > 1) head.className = "n";
    return head;
  }));
  const known = found ? new Map(found.frictions.map((entry) => [entry.name, entry])) : null;
  const listed = known ? [...frictions].sort((a, b) => order(known, a) - order(known, b)) : frictions;
  const largest = found ? Math.max(...found.frictions.map((entry) => Math.abs(entry.shapley)), 0) : 0;
  const focused = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.friction : "";
  board.clear();
  boxes.replaceChildren(...listed.map((friction, k) => {
    const input = made("input", { type: "checkbox", id: `off-${k}` });
    input.dataset.friction = friction.name;
    input.addEventListener("change", (event) => toggle(friction.name, input.checked, event));
    input.addEventListener("focus", () => aim({ friction: friction.name }));
    const title = made("span", { textContent: friction.title });
    const mechanism = made("span", { className: "mechanism", id: `off-${k}-why`, textContent: friction.mechanism });
    input.setAttribute("aria-describedby", mechanism.id);
    const head = made("th", { scope: "row" }, made("label", { htmlFor: input.id }, input, title), mechanism);
    const row = made("tr", {}, head);
    row.addEventListener("pointerenter", () => aim({ friction: friction.name }));
    const here = made("td", { className: "n" });
    if (known) {
      const entry = known.get(friction.name);
      if (entry) {
        row.append(shareCell(entry, largest), made("td", { className: "n", textContent: entry.texts.alone }), made("td", { className: "n", textContent: entry.texts.last }));
        if (found.lattice) row.append(here);
      } else {
        row.append(...columns.slice(1).map(() => made("td", { textContent: "–" })));
      }
    }
    board.set(friction.name, { input, row, here, entry: known ? known.get(friction.name) : null });
    return row;
  }));
  if (focused && board.has(focused)) board.get(focused).input.focus();
  explain();
  showSwitches();
};
const explain = () => {
  const place = at("columns");
  place.hidden = !found;
  if (!found) return;
  place.textContent = `For “${found.title}”, in ${found.steps}. Share: what switching it off adds, the mean over all orders (Shapley value). Off alone: with all others at work. Off last: with all others off already.${found.lattice ? " Toggled from here: what this one switch does now." : ""}`;
};
const order = (known, friction) => {
  const place = [...known.keys()].indexOf(friction.name);
  return place < 0 ? known.size : place;
};

const maskOf = (off) => found.frictions.reduce((mask, f) => (f.bit !== null && off.has(f.name) ? mask | (1 << f.bit) : mask), 0);
const level = (value) => (found.unit === "probability" ? percent(value) : `${Number(value.toPrecision(3))} ${found.unit}`);
const step = (difference) => {
  const size = found.unit === "probability" ? 100 * difference : difference;
  return signed(size, Math.abs(size) < 9.95 ? 1 : 0);
};

const showSwitches = () => {
  const mask = found && found.lattice ? maskOf(scenario.off) : 0;
  const outcome = found && found.lattice ? found.lattice.columns[0].values : null;
  for (const [name, { input, row, here, entry }] of board) {
    input.checked = scenario.off.has(name);
    row.classList.toggle("off", input.checked);
    if (outcome && entry) here.textContent = entry.bit === null ? step(0) : step(outcome[mask ^ (1 << entry.bit)] - outcome[mask]);
  }
  at("all-on").disabled = scenario.off.size === 0;
  at("all-off").disabled = scenario.off.size === frictions.length;
  for (const button of document.querySelectorAll("#repairs button")) {
    const set = JSON.parse(button.dataset.off);
    button.setAttribute("aria-pressed", String(set.length === scenario.off.size && set.every((name) => scenario.off.has(name))));
  }
  showKnown();
};

const showKnown = () => {
  const place = at("known");
  place.hidden = !(found && found.lattice);
  if (place.hidden) return;
  const mask = maskOf(scenario.off);
  const outcome = found.lattice.columns[0].values;
  const now = outcome[mask];
  const parts = [`“${found.title}”, ${found.outcome}: ${found.unit === "probability" ? likelihood(now) : level(now)} with ${offWords()}`];
  if (found.lattice.unsettled.includes(mask)) parts.push("(far future unsettled, so roughly)");
  const next = found.frictions.filter((f) => f.bit !== null && !scenario.off.has(f.name))
    .map((f) => [outcome[mask | (1 << f.bit)] - now, f]).sort((a, b) => b[0] - a[0])[0];
  let text = `${parts.join(" ")}.`;
  if (now >= found.threshold) text += ` That reaches ${level(found.threshold)}.`;
  else if (next && next[0] > 0) {
    const then = now + next[0];
    text += ` Of what is left, switching off “${next[1].title}” as well would help most: ${level(then)}${then >= found.threshold ? ", enough" : ""}.`;
  } else if (next) text += " No single friction more would help.";
  if (place.textContent !== text) place.textContent = text;
};
const offWords = () => {
  const off = frictions.filter((f) => scenario.off.has(f.name));
  if (!off.length) return "every friction at work";
  if (off.length === frictions.length) return "every friction off";
  if (off.length <= 2) return `${off.map((f) => `“${f.title}”`).join(" and ")} off`;
  return `${counted(off.length, "friction")} off`;
};

at("switchboard").append(made("div", { className: "scroll" }, boardTable));
if (!frictions.length) {
  at("switchboard").replaceChildren(made("p", { textContent: "This case names no frictions. Add a `frictions:` block to it, and they can be switched off here." }));
  at("all-on").parentElement.hidden = true;
}
at("all-on").addEventListener("click", (event) => { change({ off: [] }, event); say("Every friction at work."); });
at("all-off").addEventListener("click", (event) => { change({ off: frictions.map((f) => f.name) }, event); say("Every friction off."); });
onChange((what) => { if (what.off) showSwitches(); });

// ------------------------------------------------------------------------------------------- what a kept run found
const draw = (place, figures) => {
  place.replaceChildren();
  for (const figure of figures) {
    const { columns, rows, caption, numeric } = figure.table;
    const told = { columns: columns.map((title, k) => ({ title, numeric: numeric[k] })), rows, caption };
    const inside = figure.name === "log-odds" ? place.appendChild(made("details", {}, made("summary", { textContent: "The same in log-odds" }))) : place;
    const show = () => chart(inside, figure.spec, { title: figure.title, says: figure.caption, table: told });
    if (inside === place) show();
    else inside.addEventListener("toggle", show, { once: true });
  }
};

const showRepairs = () => {
  const card = at("repairs-card");
  card.hidden = false;
  at("repair-says").textContent = found.repair;
  const item = (repair) => {
    const button = made("button", { type: "button", className: "button" }, made("strong", { textContent: repair.titles.join(" + ") }), made("span", { className: "then", textContent: ` → ${repair.says}` }));
    button.dataset.off = JSON.stringify(repair.off);
    button.addEventListener("click", (event) => {
      change({ off: inOrder(new Set(repair.off)) }, event);
      say(`Switched off: ${repair.titles.join(" and ")}.`);
    });
    return made("li", {}, button);
  };
  const items = found.repairs.filter((one) => one.off.length).map(item);
  const parts = [];
  if (items.length) {
    parts.push(made("p", { className: "small muted", textContent: `${found.repairs_caption}. Choose one to set the switches to it.` }));
    parts.push(made("ul", { className: "repairs" }, ...items.slice(0, REPAIRS)));
  }
  const left = found.repairs_left ? ` (${counted(found.repairs_left, "more")} not shown)` : "";
  if (items.length > REPAIRS) {
    parts.push(made("details", {}, made("summary", { textContent: `${counted(items.length - REPAIRS, "more repair")}${left}` }), made("ul", { className: "repairs" }, ...items.slice(REPAIRS))));
  }
  at("repairs").replaceChildren(...parts);
};

const showFlips = () => {
  const card = at("flips-card");
  card.hidden = !found.flips;
  if (card.hidden) return;
  at("flips-says").textContent = found.flips;
  const title = (name) => (data.drafts.find((draft) => draft.name === name) || { title: name }).title;
  const rows = found.assumptions.map((one) => [
    one.title, one.central, one.setting, { text: likelihood(one.probability), sort: one.probability }, title(one.draft),
    one.turns ? "yes" : "no", one.grade || "–",
  ]);
  at("flips").replaceChildren(rows.length ? table(
    ["Assumption", "As it stands", "Set to", { title: "All three gates", sort: true }, "The best draft then", "Turns it", "Grade"], rows,
    "Single assumptions, each set to one end of its range or switched off",
  ) : "");
};

const clearFound = () => {
  found = null;
  at("shares-says").textContent = "";
  at("shares-figures").replaceChildren();
  at("repairs-card").hidden = true;
  at("flips-card").hidden = true;
  at("known").hidden = true;
};

const madeText = (run, extra = "") => `From the run of ${moment(run.created)}, ${run.seconds < 1 ? "under a second" : `${Math.round(run.seconds)} s`}${extra}.`;

let loaded = "";
const load = async (force = false) => {
  const wanted = scenario.draft;
  const key = `${settingOf()} ${wanted}`;
  if (loaded === key && !force) return;
  loaded = key;
  try {
    const run = await newestRun("frictions", { draft: wanted, off: false });
    if (loaded !== key) return;
    const had = found;
    if (!run) {
      clearFound();
      at("made").textContent = wanted
        ? "Nobody has looked at the frictions of this draft with these numbers yet."
        : "Nobody has looked at the frictions of this case with these numbers yet.";
      if (had) drawBoard();
      job.show(frictions.length > 0);
      return;
    }
    const shown = await get(`/api/runs/${run.id}/frictions`);
    if (loaded !== key) return;
    found = shown;
    at("made").textContent = madeText(run, `: ${counted(found.games, "game")} solved${found.exact ? ", every subset of the frictions" : ", subsets sampled"}`);
    at("shares-says").textContent = found.sentence || found.shares;
    draw(at("shares-figures"), found.figures);
    showRepairs();
    showFlips();
    drawBoard();
    showAnswer();
    job.show(false);
  } catch (error) {
    loaded = "";
    showError(error);
  }
};

const choices = [["", "the draft likeliest to hold"], ...(data.drafts || []).map((draft) => [draft.name, draft.title])];
at("draft").append(...choices.map(([value, text]) => made("option", { value, textContent: text, selected: value === scenario.draft })));
at("draft").addEventListener("change", (event) => change({ draft: at("draft").value }, event));

const job = jobPlace(at("job"), "frictions", () => load(true), { options: () => (scenario.draft ? { draft: scenario.draft } : {}), off: () => [] });

// ------------------------------------------------------------------------------------------------------------ trust
const showTrust = (run, told) => {
  const place = at("trust");
  place.replaceChildren();
  at("trust-made").textContent = run ? madeText(run) : "Nobody has run this scenario with its diagnosis yet: that finds the least bonds, and what cooperation is worth.";
  if (!told) return;
  const { sentence, notes, bonds, cooperation, figures } = told;
  if (!sentence && !cooperation.length) {
    place.append(made("p", { textContent: "The run asked about no bonds: that needs two parties and a draft." }));
    return;
  }
  if (sentence) place.append(made("p", { className: "number", textContent: sentence }));
  if (bonds) place.append(table(bonds.columns.map((title, k) => ({ title, numeric: bonds.numeric[k] })), bonds.rows, bonds.caption));
  if (notes.length) place.append(made("ul", { className: "small" }, ...notes.map((text) => made("li", { textContent: text }))));
  for (const text of cooperation) place.append(made("p", { textContent: text }));
  const pictures = made("div");
  place.append(pictures);
  draw(pictures, figures);
};
let trustOf = "";
const loadTrust = async () => {
  const key = JSON.stringify([settingOf(), inOrder(scenario.off)]);
  trustOf = key;
  try {
    const run = await newestRun("run");
    if (trustOf !== key) return;
    const told = run ? await get(`/api/runs/${run.id}/trust`) : null;
    if (trustOf !== key) return;
    showTrust(run, told);
    trustJob.show(!run && (data.drafts || []).length > 0);
  } catch (error) {
    showError(error);
  }
};
const trustJob = jobPlace(at("trust-job"), "run", loadTrust, { options: () => ({ diagnosis: true }) });

let timer = 0;
onChange((what) => {
  if (what.draft) at("draft").value = scenario.draft;
  clearTimeout(timer);
  timer = setTimeout(() => { if (frictions.length) load(); loadTrust(); }, 400);
});

drawBoard();
if (data.controls) {
  if (frictions.length) load();
  else at("h-shares").parentElement.hidden = true;
  loadTrust();
}
