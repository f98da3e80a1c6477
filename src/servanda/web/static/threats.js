// Threats: whether any enforcement could keep a draft, draft by draft, from kept runs.
import { get, send, showError } from "./api.js";
import { chart } from "./chart.js";
import { draftSwitch } from "./drafts.js";
import { element as made } from "./element.js";
import { jobPlace } from "./kept.js";
import { change, body, data, onChange, scenario } from "./scenario.js";
import { table } from "./table.js";
import { moment, unbroken } from "./words.js";

const at = (id) => document.getElementById(id);
const drafts = data.drafts || [];
const known = new Map(); // draft -> what a kept run found, "" for a case without drafts
const draftOf = () => (drafts.some((draft) => draft.name === scenario.draft) ? scenario.draft : drafts.length ? drafts[0].name : "");

// ------------------------------------------------------------------------------------------------------- the drafts
draftSwitch(at("drafts"), "Draft");
const states = new Map();
for (const input of document.querySelectorAll("#drafts input")) {
  const state = made("span", { className: "state" });
  states.set(input.value, state);
  input.parentElement.append(state);
}
at("every-says").textContent = `Ask about every draft of the case (${drafts.length})`;
const stateOf = (one) => (!one ? "" : !one.found ? "not answered" : one.found.keepable === false ? "cannot be kept" : "could be kept");
const showDrafts = () => {
  for (const [name, place] of states) place.textContent = stateOf(known.get(name));
};

// ------------------------------------------------------------------------------------------------------- the answer
const shareText = (share) => (Math.abs(share) < 0.005 ? "0 %" : `${share < 0 ? "−" : ""}${Math.abs(100 * share).toFixed(0)} %`);
const shareLine = (title, share, none = "") => {
  const bar = made("span", { className: `bar${share !== null && share < 0.5 ? " low" : ""}` }, made("i"));
  bar.setAttribute("aria-hidden", "true");
  bar.style.setProperty("--p", String(Math.min(Math.max(share ?? 0, 0), 1)));
  return made(
    "div", {}, made("dt", { textContent: title }), made("dd", { className: "of-bar" }, bar),
    made("dd", { className: "num", textContent: none || shareText(share) }),
  );
};
const showShares = (found) => {
  const place = found.places.at(-1);
  const shown = place.share !== null;
  at("shares").hidden = !shown;
  if (!shown) return;
  const lines = [shareLine("Threats could support", place.share)];
  if (found.keepable === false) lines.push(shareLine("… while the draft is kept", 0, "impossible"));
  else if (place.kept_share !== null) lines.push(shareLine("… while the draft is kept", place.kept_share));
  lines.push(shareLine("Play as it is reaches", place.play_share ?? 0));
  if (place.turnover_share !== null) lines.push(shareLine("… as offices change hands", place.turnover_share));
  at("shares").replaceChildren(...lines);
};
const tabled = ({ columns, rows, caption, numeric }) => ({ columns: columns.map((title, k) => ({ title, numeric: numeric[k] })), rows, caption });
const drawn = (told) => table(tabled(told).columns, told.rows, told.caption, { sortable: false });

let figure = null;
const showFigure = (title, { caption, spec, table: told }) => {
  if (figure) {
    figure.title(title);
    figure.says(caption);
    figure.table(tabled(told));
    figure.spec(spec);
  } else figure = chart(at("figure"), spec, { title, says: caption, table: tabled(told) });
};

const showAnswer = () => {
  const one = known.get(draftOf());
  const found = one ? one.found : null;
  at("reach").hidden = !found;
  at("cautions").hidden = !(found && found.cautions.length);
  at("made").textContent = !one ? "Payoff sets of the two sides are worked out: a second for a small case, up to five minutes a draft for a large one." : `From the run of ${moment(one.run.created)}, ${one.run.seconds < 1 ? "under a second" : `${Math.round(one.run.seconds)} s`}.`;
  if (!found) {
    at("shares").hidden = true;
    at("headline").textContent = one ? `Not answered: ${one.reason.replace(/\.$/, "")}.`
      : drafts.length ? "Nobody has asked this of the draft with these numbers yet." : "Nobody has asked this of the case with these numbers yet.";
    return;
  }
  at("headline").textContent = unbroken(found.answer);
  at("cautions").replaceChildren(...found.cautions.map((text) => made("li", { textContent: text })));
  showShares(found);
  at("conditions").replaceChildren(...found.conditions.map((text) => made("li", { textContent: text })));
  at("gains").replaceChildren(...found.places.map((place) => drawn(place.table)));
  at("certificates").replaceChildren(drawn(found.certificates));
  showFigure(one.title, found.figure);
};

const showBeside = (shares) => {
  const answered = [...known.values()].filter((one) => one.found);
  at("beside-card").hidden = answered.length < 2;
  if (answered.length < 2) return;
  const rows = shares.rows.map((cells, k) => ({
    cells,
    current: answered[k].draft === draftOf(),
    onClick: (event) => change({ draft: answered[k].draft }, event),
  }));
  at("beside").replaceChildren(table(tabled(shares).columns, rows, `${shares.caption}: choose a draft (click, or Enter on its row) to look at it`, { sortable: false }));
};

// ---------------------------------------------------------------------------------------------------------- the job
const wanted = () => (at("every").checked ? drafts.map((draft) => draft.name) : [draftOf()]);
const lacks = (name) => {
  const one = known.get(name);
  return !one || Boolean(at("patience").checked && one.found && !one.found.patience_asked);
};
const options = () => ({ draft: at("every").checked ? null : draftOf() || null, patience: at("patience").checked });
const job = jobPlace(at("job"), "enforcement", () => load(true), { options });
const showJob = () => {
  at("ask").hidden = false;
  at("every-line").hidden = drafts.length < 2 || !drafts.some((draft) => lacks(draft.name));
  if (at("every-line").hidden) at("every").checked = false;
  // what cannot be answered has no least patience either, nor has a case without drafts
  const settled = (name) => known.has(name) && !(known.get(name).found && !known.get(name).found.patience_asked);
  at("patience-line").hidden = !drafts.length || wanted().every(settled);
  job.show(wanted().some(lacks));
};
for (const id of ["every", "patience"]) at(id).addEventListener("change", showJob);

/** Where a job of this scenario waits or was broken off, what it was asked is what the controls ask. */
const recall = async () => {
  const { jobs } = await get(`/api/jobs?${new URLSearchParams({ case: scenario.case, kind: "enforcement", limit: "50" })}`);
  const asked = body();
  const same = (one) => one.version === data.version && one.off.length === asked.off.length && one.off.every((name) => scenario.off.has(name))
    && JSON.stringify(Object.entries(one.set).sort()) === JSON.stringify(Object.entries(asked.set).sort());
  const mine = jobs.find((one) => one.state !== "done" && same(one) && (one.options.draft === null || one.options.draft === draftOf()));
  if (!mine) return;
  at("every").checked = mine.options.draft === null && drafts.length > 1;
  at("patience").checked = mine.options.patience;
};

let shares = null;
let loaded = "";
const show = () => {
  showDrafts();
  showAnswer();
  if (shares) showBeside(shares);
  else at("beside-card").hidden = true;
  showJob();
};
const load = async (force = false) => {
  const key = JSON.stringify([[...scenario.set].sort(), [...scenario.off].sort()]);
  if (loaded === key && !force) return;
  loaded = key;
  try {
    if (!force) await recall();
    const told = await send("POST", `/api/cases/${scenario.case}/threats`, body());
    if (loaded !== key) return;
    known.clear();
    const order = drafts.map((draft) => draft.name);
    for (const one of told.drafts.toSorted((a, b) => order.indexOf(a.draft) - order.indexOf(b.draft))) known.set(one.draft, one);
    shares = told.shares;
    if (force && !wanted().some(lacks)) at("patience").checked = false;
    show();
  } catch (error) {
    loaded = "";
    showError(error);
  }
};

let timer = 0;
onChange((what) => {
  if (what.draft && !what.set && !what.off) { show(); return; }
  clearTimeout(timer);
  timer = setTimeout(load, 400);
});
showDrafts();
if (data.controls) load();
else at("headline").textContent = "This version of the case cannot be played.";
