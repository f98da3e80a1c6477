// One kept run: its tables, what differs from another run, and the same work done once more.
import { clearError, get, say, send, showError } from "./api.js";
import { table } from "./table.js";
import { capital, counted, number } from "./words.js";

const { run } = document.getElementById("run").dataset;
const path = `/api/runs/${encodeURIComponent(run)}`;
const text = (name, said, style = "") => {
  const element = document.createElement(name);
  element.textContent = said;
  if (style) element.className = style;
  return element;
};

// the tables ----------------------------------------------------------------------------------------------------------

const which = document.getElementById("which-table");
const shownTable = document.getElementById("table");
const cell = (value) => {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return { text: number(value), sort: value };
  return typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
};
const isNumeric = (found, k) => found.rows.some((row) => typeof row[k] === "number") && found.rows.every((row) => row[k] === null || typeof row[k] === "number");
const showTable = (found) => {
  const columns = found.columns.map((name, k) => ({ title: capital(name.replaceAll("_", " ")), numeric: isNumeric(found, k) }));
  const more = found.count > found.rows.length ? `, the first ${found.rows.length} of ${counted(found.count, "row")}; the download has all` : "";
  shownTable.replaceChildren(table(columns, found.rows.map((row) => row.map(cell)), `${capital(found.name)}${more}`));
};
const readTables = async () => {
  const { tables } = await get(`${path}/tables`);
  which.replaceChildren();
  if (!tables.length) {
    which.append(new Option("no table"));
    shownTable.replaceChildren(text("p", "This run holds no table; the download has everything it found.", "muted"));
    return;
  }
  for (const found of tables) which.append(new Option(`${capital(found.name)} (${counted(found.count, "row")})`, found.name));
  which.disabled = false;
  const wanted = new URLSearchParams(location.search).get("table");
  const first = tables.find((found) => found.name === wanted) || tables.find((found) => ["drafts", "questions"].includes(found.name)) || tables[0];
  which.value = first.name;
  showTable(first);
  which.addEventListener("change", () => {
    const query = new URLSearchParams(location.search);
    query.set("table", which.value);
    history.replaceState(null, "", `?${query}`);
    showTable(tables.find((found) => found.name === which.value));
  });
};

// another run ---------------------------------------------------------------------------------------------------------

const other = document.getElementById("other");
const differences = document.getElementById("differences");
const columns = (second) => ["Where", "This run", second];
const rows = (found) => found.map((one) => [one.path, one.before, one.after]);
const compare = async (id) => {
  const found = await get(`${path}/differences?${new URLSearchParams({ other: id })}`);
  const link = text("a", `the run ${found.b.id}`);
  link.href = `/runs/${encodeURIComponent(found.b.id)}`;
  const line = document.createElement("p");
  const said = found.same
    ? `The same: all ${counted(found.numbers, "number")} agree to the last bit with `
    : `${counted(found.count, "value")} of this run ${found.count === 1 ? "differs" : "differ"} from `;
  line.append(said, link, ".");
  line.className = found.same ? "note good" : "note";
  differences.replaceChildren(line);
  if (!found.same) differences.append(text("p", `It found: ${found.b.headline}`));
  if (found.scenario.length) differences.append(table(columns("The other"), rows(found.scenario), "What was asked differently"));
  if (found.differences.length) {
    const rest = found.count > found.differences.length ? `, the first ${found.differences.length} of ${found.count}` : "";
    const fold = document.createElement("details");
    fold.append(text("summary", `Every value that differs${rest}`), table(columns("The other"), rows(found.differences), "Values that differ"));
    differences.append(fold);
  }
  say(`${said}the run ${found.b.id}.`);
};
const choose = async (id) => {
  const query = new URLSearchParams(location.search);
  if (id) query.set("with", id); else query.delete("with");
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  clearError();
  differences.replaceChildren();
  if (id) await compare(id);
};
const told = (work) => work.catch(showError);
other.addEventListener("change", () => told(choose(other.value)));
document.getElementById("compare").addEventListener("submit", (event) => event.preventDefault());

// once more -----------------------------------------------------------------------------------------------------------

const again = document.getElementById("again");
const once = async () => {
  const { follow, standing } = await import("./job.js");
  const button = text("button", "Make it again", "button");
  button.type = "button";
  const line = document.createElement("div");
  line.className = "progress";
  line.hidden = true;
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.setAttribute("aria-label", "How far the run is");
  const stage = text("span", "", "small");
  line.append(bar, stage);
  again.append(button, line);
  button.addEventListener("click", () => told((async () => {
    button.disabled = true;
    line.hidden = false;
    clearError();
    try {
      const job = await send("POST", "/api/jobs", JSON.parse(again.dataset.asked));
      const made = await follow(job.id, (now) => {
        bar.value = now.progress ?? 0;
        stage.textContent = standing(now);
      });
      await choose(made);
    } finally {
      button.disabled = false;
      line.hidden = true;
    }
  })()));
};

told(readTables());
if (again) told(once());
const wanted = new URLSearchParams(location.search).get("with");
if (wanted) {
  if ([...other.options].some((option) => option.value === wanted)) other.value = wanted;
  told(compare(wanted));
}
