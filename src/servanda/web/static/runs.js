// All kept runs: filtered by case and kind, the filter in the address.
import { clearError, get, say, showError } from "./api.js";
import { table } from "./table.js";
import { counted, moment, number } from "./words.js";

const form = document.getElementById("filter");
const place = document.getElementById("runs");
const count = document.getElementById("count");
const FIELDS = ["case", "kind", "limit"];

const text = (name, said, kind = "") => {
  const element = document.createElement(name);
  element.textContent = said;
  if (kind) element.className = kind;
  return element;
};

const given = ({ set = {}, off = [] }) =>
  [...Object.entries(set).map(([name, value]) => `${name} = ${number(value)}`), ...off.map((name) => `without ${name}`)].join("; ");

const named = (run) => {
  const cell = document.createElement("span");
  const link = text("a", run.headline || run.kind);
  link.href = `/runs/${encodeURIComponent(run.id)}`;
  cell.append(link, text("span", run.id, "small muted block"));
  return { node: cell, sort: run.headline };
};

const ofCase = (run) => {
  const cell = document.createElement("span");
  cell.append(run.title || run.case, text("span", `${run.case}${run.version ? `, version ${run.version}` : ""}`, "small muted block"));
  const scenario = given(run.scenario);
  if (scenario) cell.append(text("span", scenario, "small block"));
  return { node: cell, sort: run.case };
};

let asked = 0;
const show = async () => {
  const mine = (asked += 1);
  const query = new URLSearchParams();
  for (const name of FIELDS) if (form.elements[name].value) query.set(name, form.elements[name].value);
  try {
    const { runs } = await get(`/api/runs?${query}`);
    if (mine !== asked) return;
    clearError();
    const said = runs.length ? `${counted(runs.length, "run")}, the newest first.` : "No run is kept here. Open a case and let one of its pages work something out.";
    count.textContent = said;
    say(said);
    place.replaceChildren();
    if (runs.length) {
      place.append(table(
        ["Found", "Kind", "Case and scenario", "Made", { title: "Seconds", numeric: true }],
        runs.map((run) => [
          named(run), run.kind, ofCase(run),
          { text: moment(run.created), sort: Date.parse(run.created), class: "when" },
          { text: run.seconds < 9.95 ? run.seconds.toFixed(1) : run.seconds.toFixed(0), sort: run.seconds },
        ]),
        "Kept runs",
      ));
    }
  } catch (error) {
    if (mine === asked) showError(error);
  }
};

const address = new URLSearchParams(location.search);
for (const name of FIELDS) {
  const field = form.elements[name];
  const wanted = address.get(name);
  if (wanted && [...field.options].some((option) => option.value === wanted)) field.value = wanted;
}
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", () => {
  const query = new URLSearchParams(location.search);
  for (const name of FIELDS) {
    const { value } = form.elements[name];
    if (value && !(name === "limit" && value === "50")) query.set(name, value); else query.delete(name);
  }
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  show();
});
show();
