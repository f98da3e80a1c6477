// The numbers of a case: found, sorted, changed in the text or only in the scenario.
import { ApiError, get, send, showError, clearError, say } from "./api.js";
import { worded as node, press } from "./element.js";
import { scenario, data, change, onChange, query } from "./scenario.js";
import { table } from "./table.js";
import { diffTable } from "./diff.js";
import { number, counted, capital, listed } from "./words.js";

const byId = (id) => document.getElementById(id);
const name = scenario.case;
const KEPT = `servanda-numbers:${name}`;
const REST = 300;

let shown = null;
// Changes not saved yet, by path: {item, changes, says}.
const waiting = new Map();

const key = (item) => item.path.slice(0, 2).concat(item.section === "parameters" ? [] : item.path.slice(2)).join("\u0000");
const option = (value, text) => { const made = node("option", text); made.value = value; return made; };

const keep = () => {
  try {
    if (waiting.size) sessionStorage.setItem(KEPT, JSON.stringify({ version: shown.version, list: [...waiting] }));
    else sessionStorage.removeItem(KEPT);
  } catch { /* then a reload forgets them */ }
};
const restore = () => {
  try {
    const held = JSON.parse(sessionStorage.getItem(KEPT));
    if (held && held.version === shown.version) for (const [id, each] of held.list) waiting.set(id, each);
  } catch { /* nothing was kept */ }
};

// Filters.
const GRADES = ["A", "B", "C", "M", "J"];
const fits = (item) => {
  const find = byId("find").value.trim().toLowerCase();
  const [group, grade, source] = ["group", "grade", "source"].map((id) => byId(id).value);
  if (group && item.section !== group) return false;
  if (grade === "judgement" && !item.judgement) return false;
  if (grade === "document" && (item.judgement || !item.grade)) return false;
  if (grade === "none" && item.grade) return false;
  if (grade.startsWith("=") && item.grade !== grade.slice(1)) return false;
  if (source && !item.sources.some((each) => each.name === source)) return false;
  if (!find) return true;
  const held = `${item.name} ${item.title} ${item.written} ${item.note} ${item.sources.map((each) => each.title).join(" ")}`.toLowerCase();
  return find.split(/\s+/).every((word) => held.includes(word));
};

const fillFilters = () => {
  const count = (test) => shown.numbers.filter(test).length;
  const groups = new Map(shown.numbers.map((item) => [item.section, item.group]));
  byId("group").replaceChildren(option("", `all (${shown.numbers.length})`), ...[...groups].map(([section, title]) => option(section, `${title} (${count((item) => item.section === section)})`)));
  const grades = [...new Set(shown.numbers.map((item) => item.grade))].filter(Boolean)
    .sort((a, b) => GRADES.indexOf(a[0]) - GRADES.indexOf(b[0]) || a.localeCompare(b));
  byId("grade").replaceChildren(
    option("", "all"),
    option("document", `on documents (${count((item) => !item.judgement && item.grade)})`),
    option("judgement", `judgements (${count((item) => item.judgement)})`),
    option("none", `without (${count((item) => !item.grade)})`),
    ...grades.map((grade) => option(`=${grade}`, `${grade} (${count((item) => item.grade === grade)})`)),
  );
  const cited = new Map();
  for (const item of shown.numbers) for (const each of item.sources) cited.set(each.name, each.title);
  byId("source").replaceChildren(option("", "all"), ...[...cited].sort((a, b) => a[1].localeCompare(b[1])).map(([id, title]) => {
    const text = title.length > 60 ? `${title.slice(0, 59)}…` : title;
    return option(id, `${text} (${count((item) => item.sources.some((each) => each.name === id))})`);
  }));
  const asked = new URLSearchParams(location.search);
  for (const id of ["group", "grade", "source", "find"]) if (asked.has(id)) byId(id).value = asked.get(id);
  if (!asked.has("group") && groups.has("parameters")) byId("group").value = "parameters";
};

const tellAddress = () => {
  const now = new URLSearchParams(location.search);
  for (const id of ["group", "grade", "source", "find"]) {
    if (byId(id).value || id === "group") now.set(id, byId(id).value);
    else now.delete(id);
  }
  history.replaceState(null, "", `${location.pathname}?${now.toString().replaceAll("%3A", ":")}${location.hash}`);
};

// The table.
const bound = (value) => (value === null ? "any" : number(value));
const rangeOf = (item) => {
  if (item.certain) return "–";
  if (Object.keys(item.choices).length) return Object.entries(item.choices).map(([word, value]) => `${word}: ${number(value)}`).join(", ");
  if (item.central === null) return "–";
  return `${bound(item.low)} to ${bound(item.high)}`;
};
const lineLink = (line) => {
  const link = node("a", String(line));
  const own = new URLSearchParams(query());
  for (const id of ["group", "grade", "source", "find"]) own.delete(id);
  const carried = own.toString().replaceAll("%3A", ":");
  link.href = `/cases/${name}/edit${carried ? `?${carried}` : ""}#line-${line}`;
  link.setAttribute("aria-label", `line ${line} in the editor`);
  return link;
};
const lines = (list) => {
  const made = node("span", "", "lines");
  list.slice(0, 6).forEach((line, k) => { if (k) made.append(", "); made.append(lineLink(line)); });
  if (list.length > 6) made.append(` and ${list.length - 6} more`);
  return made;
};
const sourcesOf = (item) => {
  const made = node("div");
  for (const each of item.sources) {
    const one = node("span", "", "source-of");
    if (each.url) {
      const link = node("a", each.title);
      link.href = each.url;
      link.rel = "noreferrer noopener";
      link.target = "_blank";
      one.append(link);
    } else {
      one.textContent = each.title;
    }
    made.append(one);
  }
  if (!item.sources.length) made.textContent = "none given";
  return made;
};
const nameOf = (item) => {
  const made = node("div", item.title);
  if (item.name !== item.title) made.append(node("span", item.name, "code-name"));
  if (item.note) {
    const box = node("details", "", "note-of");
    box.append(node("summary", "Remark"), node("div", item.note));
    made.append(box);
  }
  return made;
};
const valueOf = (item) => {
  const made = node("div");
  const plain = item.central !== null && item.section === "parameters";
  if (plain) made.append(number(item.central));
  else { made.append(node("span", item.written, "written")); made.title = item.written; }
  const set = item.section === "parameters" ? scenario.set.get(item.name) : undefined;
  if (set !== undefined) made.append(node("span", `in this scenario: ${number(set)}`, "now"));
  const changed = waiting.get(key(item));
  if (changed) made.append(node("span", `to become: ${changed.says}`, "now"));
  return made;
};
const gradeOf = (item) => {
  if (!item.grade) return { text: "–" };
  const made = node("abbr", item.grade);
  made.title = item.grade_title;
  return { node: made };
};
const gradeOrder = (grade) => (grade ? GRADES.indexOf(grade[0]) * 10 + (grade.length > 1 ? GRADES.indexOf(grade[2]) : grade === "J" ? 9 : 0) : 99);

const draw = () => {
  const list = shown.numbers.filter(fits);
  const sortedBy = [...byId("numbers").querySelectorAll("th[scope=col]")].map((head, k) => [k, head.getAttribute("aria-sort")]).find(([, how]) => how);
  const columns = ["Number", { title: "Value", numeric: true }, "Range", "Unit", "Grade", "Source", "Stands in line", "Used in lines", { title: "Change", sort: false }];
  const rows = list.map((item) => ({
    class: waiting.has(key(item)) ? "waiting" : "",
    cells: [
      { node: nameOf(item), sort: item.title.toLowerCase() },
      { node: valueOf(item), sort: item.central ?? "" },
      { text: rangeOf(item), sort: item.high !== null && item.low !== null ? item.high - item.low : "" },
      item.unit || "–",
      { ...gradeOf(item), sort: gradeOrder(item.grade) },
      { node: sourcesOf(item), sort: item.sources.map((each) => each.title).join(" ") },
      { node: lineLink(item.line), sort: item.line },
      { node: item.used.length ? lines(item.used) : undefined, text: "–", sort: item.used.length },
      { node: changeButton(item) },
    ],
  }));
  if (rows.length) {
    byId("numbers").replaceChildren(table(columns, rows, `Numbers of ${data.title}, version ${shown.version}`));
    if (sortedBy) {
      const press = byId("numbers").querySelectorAll("th[scope=col]")[sortedBy[0]].querySelector(".sort");
      if (press) {
        press.click();
        if (press.closest("th").getAttribute("aria-sort") !== sortedBy[1]) press.click();
      }
    }
  } else {
    byId("numbers").replaceChildren(node("p", "No number fits. Show all, or look for another word."));
  }
  byId("count").textContent = `${counted(list.length, "number")} of ${shown.numbers.length} shown.`;
};
const changeButton = (item) => {
  const made = press("Change", () => open(item), "button quiet");
  made.setAttribute("aria-label", `Change ${item.title}${item.name !== item.title ? ` (${item.name})` : ""}`);
  return made;
};

// Changing one number.
let at = null;
let looked = 0;
const isParameter = () => at.item.section === "parameters";
const open = (item) => {
  at = { item, opener: document.activeElement };
  const held = waiting.get(key(item));
  byId("h-change").textContent = capital(item.title);
  byId("change-what").textContent = `${item.group}: ${item.name}, line ${item.line}${item.unit ? `, in ${item.unit}` : ""}. Now ${item.written}${item.central_written ? `, central ${item.central_written}` : ""}.`;
  byId("value-label").textContent = isParameter() ? "Value or range" : "Value";
  byId("value-help").textContent = isParameter()
    ? "A number, or a range such as 2 to 5, uniform(2, 5), normal(3, 0.5), lognormal(3, 0.4), beta(2, 5), triangular(2, 3, 5)."
    : "A number or an expression.";
  byId("value").value = held ? held.value : item.written;
  byId("central").value = held ? held.central : item.central_written;
  byId("central-field").hidden = !isParameter();
  byId("change-set").hidden = !isParameter();
  byId("change-says").replaceChildren();
  byId("change-take").disabled = true;
  byId("change").showModal();
  byId("value").focus();
  byId("value").select();
  tellSet();
};
const changesNow = () => {
  const { item } = at;
  const value = byId("value").value.trim();
  const central = isParameter() ? byId("central").value.trim() : "";
  const list = [];
  // A parameter whose central value comes or goes is changed where both belong.
  const short = isParameter() && item.path.length === 2;
  const drop = item.central_written && !central ? [{ path: ["parameters", item.name, "central"], value: "" }] : [];
  const give = central && central !== item.central_written ? [{ path: ["parameters", item.name, "central"], value: central }] : [];
  if (value !== item.written.trim()) list.push({ path: item.path, value });
  list.push(...drop, ...give);
  return { value, central, list, says: central ? `${value}, central ${central}` : value, short };
};
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const scenarioValue = () => {
  const text = byId("central").value.trim() || byId("value").value.trim();
  return NUMBER.test(text) ? Number(text) : null;
};
const tellSet = () => { byId("change-set").disabled = !isParameter() || scenarioValue() === null; };
const look = async () => {
  const mine = (looked += 1);
  const now = changesNow();
  byId("change-take").disabled = true;
  if (!now.list.length || !now.value) {
    byId("change-says").replaceChildren(node("p", now.value ? "Nothing changes." : "Write a value.", "small muted"));
    return;
  }
  let told;
  try {
    const others = [...waiting].filter(([id]) => id !== key(at.item)).flatMap(([, each]) => each.changes);
    told = await send("POST", `/api/parameters/${name}/amend`, { version: shown.version, changes: [...others, ...now.list], save: false });
  } catch (error) {
    if (mine !== looked) return;
    told = { ok: false, lines: [], issues: error.issues && error.issues.length ? error.issues : [{ severity: "error", message: error.message, hint: error.hint, line: 0 }] };
  }
  if (mine !== looked) return;
  const errors = told.issues.filter((issue) => issue.severity === "error");
  const parts = [node("p", told.ok ? "A sound case with this number." : "Not a sound case with this number:", told.ok ? "state good" : "state bad")];
  if (errors.length) {
    const list = node("ul");
    list.append(...errors.slice(0, 5).map((issue) => node("li", `${issue.line ? `Line ${issue.line}: ` : ""}${issue.message}${issue.hint ? ` (${issue.hint})` : ""}`)));
    parts.push(list);
  }
  if (told.ok && told.lines.length) {
    const mineOnly = told.lines.filter((each) => Math.abs(each.line - at.item.line) <= 3);
    parts.push(diffTable(mineOnly.map((each) => each.before).filter(Boolean).join("\n"), mineOnly.map((each) => each.after).filter(Boolean).join("\n"), ["the text now", "the text then"]));
  }
  byId("change-says").replaceChildren(...parts);
  byId("change-take").disabled = !told.ok;
};
let resting = 0;
const lookLater = () => { tellSet(); byId("change-take").disabled = true; clearTimeout(resting); resting = setTimeout(look, REST); };
const leave = () => { looked += 1; clearTimeout(resting); byId("change").close(); };

byId("value").addEventListener("input", lookLater);
byId("central").addEventListener("input", lookLater);
byId("change-leave").addEventListener("click", leave);
byId("change").addEventListener("close", () => { if (at && at.opener && at.opener.isConnected) at.opener.focus(); });
byId("change-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (byId("change-take").disabled) return;
  const now = changesNow();
  const id = key(at.item);
  waiting.set(id, { title: at.item.title, value: now.value, central: now.central, says: now.says, changes: now.list });
  leave();
  refresh(id);
  say(`${at.item.title} is to become ${now.says}. Not saved yet.`);
});
byId("change-set").addEventListener("click", () => {
  const value = scenarioValue();
  if (value === null) return;
  const { item } = at;
  leave();
  change({ set: { [item.name]: value }, keep: true });
  say(`In this scenario ${item.title} is ${number(value)}.`);
});

// What waits to be saved.
const refresh = (id = null) => {
  keep();
  draw();
  drawBasket();
  if (id) {
    const row = [...byId("numbers").querySelectorAll("tr.waiting button")].at(0);
    if (row && !byId("change").open) row.focus();
  }
};
const drawBasket = () => {
  const box = byId("basket");
  box.hidden = waiting.size === 0 && scenario.set.size === 0;
  if (box.hidden) { box.replaceChildren(); return; }
  const parts = [];
  if (scenario.set.size) {
    const back = press("Back to the case as saved", () => change({ set: {} }));
    const line = node("p", `${counted(scenario.set.size, "number")} set in this scenario only. `);
    const link = node("a", "See the verdict");
    link.href = `/cases/${name}/verdict${query({ ...scenario })}`;
    link.dataset.page = "verdict";
    line.append(link, " ", back);
    parts.push(line);
  }
  if (waiting.size) {
    parts.push(node("p", `${counted(waiting.size, "change")} not saved yet:`, "state"));
    const list = node("ul");
    for (const [id, each] of waiting) {
      const item = node("li", `${each.title}: ${each.says}`);
      const drop = press("Drop", () => { waiting.delete(id); refresh(); byId("find").focus(); }, "button quiet");
      drop.setAttribute("aria-label", `Drop the change of ${each.title}`);
      item.append(drop);
      list.append(item);
    }
    const form = node("form");
    const label = node("label", "What changed, in a few words");
    label.htmlFor = "basket-note";
    const note = node("input");
    note.type = "text";
    note.id = "basket-note";
    note.maxLength = 200;
    const save = node("button", `Save as version ${shown.newest + 1}`, "button main");
    save.type = "submit";
    form.append(label, note, save, press("Drop all", () => { waiting.clear(); refresh(); byId("find").focus(); }));
    form.addEventListener("submit", (event) => { event.preventDefault(); store(shown.version, note.value.trim()); });
    parts.push(list, form);
  }
  box.replaceChildren(...parts);
};
const store = async (version, note) => {
  clearError();
  try {
    const told = await send("POST", `/api/parameters/${name}/amend`, { version, changes: [...waiting.values()].flatMap((each) => each.changes), note, save: true });
    if (!told.saved) {
      showError(new ApiError(422, { code: "case-error", message: "The case has errors with these changes, so it was not saved.", issues: told.issues, hint: "drop or mend a change" }));
      return;
    }
    waiting.clear();
    keep();
    const now = new URLSearchParams(location.search);
    now.delete("version");
    location.replace(`${location.pathname}?${now.toString().replaceAll("%3A", ":")}`);
  } catch (error) {
    if (error.code !== "stale-version") { showError(error); return; }
    const newest = await get(`/api/parameters/${name}`);
    showError(error);
    const again = press(`Make the same changes on version ${newest.version}`, () => { shown = { ...shown, newest: newest.version }; store(newest.version, note); }, "button main");
    document.querySelector("#alert .alert").append(again);
    again.focus();
  }
};

// Rankings.
const drawRankings = () => {
  byId("rankings-card").hidden = shown.rankings.length === 0;
  byId("rankings").replaceChildren(...shown.rankings.map((ranking) => {
    const box = node("div");
    const title = node("h3", ranking.title);
    box.append(title);
    const line = node("p", `From ${number(ranking.low)} to ${number(ranking.high)}${ranking.unit ? ` ${ranking.unit}` : ""}, written in line `, "small muted");
    line.append(lineLink(ranking.line), `.${ranking.note ? ` ${ranking.note}` : ""}`);
    box.append(line);
    if (ranking.trouble) box.append(node("p", `No numbers fit: ${ranking.trouble}.`, "state bad"));
    if (ranking.places.length) {
      const share = (value) => (value - ranking.low) / (ranking.high - ranking.low || 1);
      const held = table(["Lowest first", { title: "Place", numeric: true }, { title: "Mean", numeric: true }, "Eight times in ten", { title: "Where that is", sort: false }],
        ranking.places.map((place) => {
          const spread = node("span", "", "spread");
          spread.style.setProperty("--low", String(share(place.low)));
          spread.style.setProperty("--high", String(share(place.high)));
          spread.style.setProperty("--mean", String(share(place.mean)));
          spread.append(node("i"), node("b"));
          spread.setAttribute("aria-hidden", "true");
          return [place.title, place.place, number(place.mean), place.fixed ? "fixed" : `${number(place.low)} to ${number(place.high)}`, { node: spread }];
        }), `What the order of “${ranking.title}” says of each number`);
      held.querySelector("table").classList.add("ladder");
      box.append(held);
    }
    return box;
  }));
};

const lead = () => {
  const count = (test) => shown.numbers.filter(test).length;
  const resting = count((item) => item.judgement && item.grade.includes(":"));
  const parts = [
    [count((item) => item.grade && !item.judgement), "rest on documents"],
    [resting, "are judgements that rest on documents"],
    [count((item) => item.judgement) - resting, "are judgements alone"],
    [count((item) => !item.grade && !item.judgement), "say neither"],
  ].filter(([many]) => many).map(([many, what]) => `${many} ${what}`);
  byId("lead").textContent = `${counted(shown.numbers.length, "number")}: ${listed(parts)}.`;
};

const begin = async () => {
  try {
    shown = await get(`/api/parameters/${name}${scenario.version !== null ? `?version=${scenario.version}` : ""}`);
  } catch (error) { showError(error); return; }
  if (shown.unread) showError(new ApiError(422, { code: "case-error", message: `The text cannot be read: ${shown.unread}`, hint: "mend it in the editor" }));
  restore();
  lead();
  fillFilters();
  draw();
  drawBasket();
  drawRankings();
  byId("main").dataset.ready = "true";
};

for (const id of ["group", "grade", "source"]) byId(id).addEventListener("change", () => { tellAddress(); draw(); });
let finding = 0;
byId("find").addEventListener("input", () => { clearTimeout(finding); finding = setTimeout(() => { tellAddress(); draw(); }, 120); });
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("all").addEventListener("click", () => { for (const id of ["group", "grade", "source", "find"]) byId(id).value = ""; tellAddress(); draw(); });
onChange(() => { if (shown) { draw(); drawBasket(); } });
addEventListener("beforeunload", (event) => { if (waiting.size) { keep(); event.preventDefault(); } });
begin();
