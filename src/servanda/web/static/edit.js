// The page of the editor: the text, what is wrong with it, its verdict, what changed, and saving it.
import { get, send, showError, clearError, say } from "./api.js";
import { scenario, data, query } from "./scenario.js";
import { editor } from "./editor.js";
import { diffTable, together } from "./diff.js";
import { percent, counted, moment, capital } from "./words.js";

const REST = 300;
const byId = (id) => document.getElementById(id);
const name = scenario.case;
const KEPT = `servanda-edit:${name}`;
const AFTER = `servanda-edit-after:${name}`;

const stored = (box, key) => { try { return JSON.parse(box.getItem(key)); } catch { return null; } };
// A browser that keeps nothing costs the draft, not the page.
const store = (box, key, value) => {
  try { if (value === null) box.removeItem(key); else box.setItem(key, JSON.stringify(value)); } catch { /* no room */ }
};
const button = (text, act, className = "button") => {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
};
const line = (text, className = "") => {
  const made = document.createElement("p");
  made.className = className;
  made.textContent = text;
  return made;
};
const buttons = (...all) => { const row = document.createElement("p"); row.className = "buttons"; row.append(...all); return row; };
const heading = (text) => { const made = document.createElement("h2"); made.textContent = text; return made; };

// Offsets of the server count characters, those of a text field units of 16 bits.
const WIDE = /[\ud800-\udbff][\udc00-\udfff]/;
const inCharacters = (text, at) => (WIDE.test(text) ? [...text.slice(0, at)].length : at);
const inUnits = (text, at) => (WIDE.test(text) ? [...text].slice(0, at).join("").length : at);
const complete = async ({ text, offset }) => {
  const found = await send("POST", "/api/edit/complete", { text, offset: inCharacters(text, offset) });
  return { ...found, start: inUnits(text, found.start), end: inUnits(text, found.end) };
};

let base = null;
let newest = data.newest;
let seen = data.version;
let code = null;
let checked = null;
let saving = false;
const texts = new Map();

const dirty = () => code !== null && code.text() !== base.text;

// Checks: one question at a time, the last text wins.
let checking = false;
let again = false;
const check = async () => {
  if (checking) { again = true; return; }
  checking = true;
  const text = code.text();
  try {
    const answer = await send("POST", "/api/check", { text });
    if (text === code.text()) showChecks(text, answer);
  } catch (error) {
    checked = null;
    code.mark([]);
    byId("issues").replaceChildren();
    byId("state").className = "state bad";
    byId("state").textContent = `Not checked: ${error.message}`;
  } finally {
    checking = false;
    if (again) { again = false; check(); }
  }
};

const showChecks = (text, answer) => {
  checked = { text, ok: answer.ok };
  const issues = answer.issues;
  code.mark(issues);
  const errors = issues.filter((issue) => issue.severity === "error").length;
  const warnings = issues.length - errors;
  const parts = [errors && counted(errors, "error"), warnings && counted(warnings, "warning")].filter(Boolean);
  byId("state").className = `state ${answer.ok ? "good" : "bad"}`;
  byId("state").textContent = answer.ok
    ? parts.length ? `A sound case, with ${parts.join(" and ")}` : "A sound case: no errors, no warnings"
    : `Not a case yet: ${parts.join(" and ")}`;
  byId("issues").replaceChildren(...issues.map(issueItem));
  showDirty();
  if (answer.ok && quick && text !== triedText) work();
  else tellTried();
};

const issueItem = (issue) => {
  const item = document.createElement("li");
  const press = button("", () => code.go(issue.line || 1, issue.column || 1), `issue ${issue.severity}`);
  const where = document.createElement("span");
  where.className = "where";
  where.textContent = `${capital(issue.severity)}${issue.line ? `, line ${issue.line}` : ""}`;
  press.append(where, issue.message);
  if (issue.hint) {
    const hint = document.createElement("span");
    hint.className = "hint";
    hint.textContent = capital(issue.hint);
    press.append(hint);
  }
  item.append(press);
  return item;
};

// The verdict of the text: by hand, or after each change once it has proved to be quick.
let quick = false;
let working = false;
let triedText = null;
const tellTried = () => {
  const place = byId("tried");
  if (triedText === null) return;
  place.className = "small muted";
  place.textContent = triedText === code.text() ? "Of the text as it stands." : "Of an earlier state of the text.";
};
const work = async () => {
  if (working) return;
  working = true;
  const text = code.text();
  const begun = performance.now();
  byId("try").disabled = true;
  byId("tried").className = "small muted";
  byId("tried").textContent = "Working it out…";
  try {
    const answer = await send("POST", "/api/edit/try", { text });
    triedText = text;
    quick = performance.now() - begun < 2500;
    showVerdict(answer);
    tellTried();
  } catch (error) {
    quick = false;
    byId("gates").replaceChildren();
    triedText = null;
    byId("tried").className = "state bad";
    byId("tried").textContent = error.code === "case-error" ? "No verdict: the text has errors." : `No verdict: ${error.message}`;
  } finally {
    working = false;
    byId("try").disabled = false;
  }
};
const showVerdict = (answer) => {
  const said = line(answer.sentence, "number");
  const rows = answer.drafts.map((draft) => {
    const box = document.createElement("div");
    box.className = "draft-tried";
    const title = document.createElement("h3");
    title.textContent = draft.title;
    box.append(title, ...[["Signed", draft.sign], ["Ratified", draft.ratify], ["Kept", draft.keep], ["All three", draft.holds]].map(([word, p]) => {
      const row = document.createElement("div");
      row.className = "gate-row";
      const bar = document.createElement("span");
      bar.className = `bar${p < 0.5 ? " low" : ""}`;
      bar.style.setProperty("--p", String(p));
      bar.append(document.createElement("i"));
      const number = document.createElement("span");
      number.className = "n";
      number.textContent = percent(p);
      row.append(word, bar, number);
      return row;
    }));
    return box;
  });
  byId("gates").replaceChildren(said, ...rows);
  say(answer.sentence);
};

// What changed.
const textOf = async (version) => {
  if (!texts.has(version)) texts.set(version, (await get(`/api/cases/${name}?version=${version}`)).text);
  return texts.get(version);
};
const showDiff = async () => {
  const version = Number(byId("against").value);
  const aside = byId("layout").value === "aside";
  try {
    byId("diff").replaceChildren(diffTable(await textOf(version), code.text(), [`version ${version}`, "this text"], { aside }));
  } catch (error) { showError(error); }
};
let drawn = 0;
const diffLater = () => { clearTimeout(drawn); drawn = setTimeout(showDiff, 500); };

const sound = () => checked !== null && checked.text === code.text() && checked.ok;
const known = () => checked !== null && checked.text === code.text();
const showDirty = () => {
  const changed = dirty();
  byId("save").disabled = saving || !changed || !known();
  byId("save").textContent = `Save ${known() && !sound() ? "unfinished " : ""}as version ${Math.max(newest, seen) + 1}`;
  byId("undo").disabled = !changed;
  byId("dirty").textContent = !changed ? "Nothing has changed."
    : known() && !sound() ? "Changed and not saved. A text with errors can be kept, but not be played." : "Changed and not saved.";
};

const keep = () => store(localStorage, KEPT, dirty() ? { text: code.text(), version: seen, at: new Date().toISOString() } : null);

let resting = 0;
const changed = () => {
  if (!code) return;
  clearTimeout(resting);
  resting = setTimeout(() => { keep(); check(); }, REST);
  showDirty();
  diffLater();
};

const offer = (left) => {
  const box = byId("kept");
  const older = left.version !== seen ? ` It began from version ${left.version}; this is version ${seen}.` : "";
  const close = () => { box.hidden = true; box.replaceChildren(); };
  box.replaceChildren(
    heading("Unsaved work is kept in this browser"),
    line(`You changed this case on ${moment(left.at)} and did not save it.${older}`),
    buttons(
      button("Take it up again", () => { close(); seen = Math.min(left.version, newest); code.set(left.text); code.focus(); say("Your unsaved text is back."); }, "button main"),
      button("Show what it changes", () => { byId("diff").replaceChildren(diffTable(base.text, left.text, [`version ${base.version}`, "your unsaved text"])); byId("h-diff").scrollIntoView(); }),
      button("Throw it away", () => { close(); store(localStorage, KEPT, null); say("Thrown away."); }, "button danger"),
    ),
  );
  box.hidden = false;
};

// Saving: on top of the version that was seen. Where somebody was faster, both texts are shown and nothing happens by itself.
const save = async (seenNow = seen) => {
  const text = code.text();
  saving = true;
  showDirty();
  try {
    const answer = await send("PUT", `/api/cases/${name}`, { text, seen: seenNow, note: byId("note").value.trim(), unfinished: !sound() });
    store(localStorage, KEPT, null);
    store(sessionStorage, AFTER, { ...code.caret(), says: `Saved as version ${answer.version}.` });
    base = { ...base, text };
    const now = query({ ...scenario, version: null });
    location.replace(`/cases/${name}/edit${now}`);
  } catch (error) {
    if (error.code === "stale-version") await showStale(text);
    else showError(error);
  } finally {
    saving = false;
    showDirty();
  }
};

const showStale = async (mine) => {
  let theirs;
  let origin;
  try {
    theirs = await get(`/api/cases/${name}`);
    origin = await textOf(seen);
  } catch (error) { showError(error); return; }
  newest = theirs.version;
  texts.set(theirs.version, theirs.text);
  keep();
  const both = together(origin, mine, theirs.text);
  const box = byId("stale");
  const shown = document.createElement("div");
  const close = () => { box.hidden = true; box.replaceChildren(); };
  const note = theirs.note ? `, “${theirs.note}”` : "";
  const show = (before, after, names) => shown.replaceChildren(diffTable(before, after, names, { aside: true }));
  const picks = [];
  const pick = (title, ...what) => {
    const made = button(title, () => {
      show(...what);
      for (const each of picks) each.setAttribute("aria-pressed", String(each === made));
    });
    made.setAttribute("aria-pressed", "false");
    picks.push(made);
    return made;
  };
  const choices = [
    button("Take theirs, drop mine", () => { store(localStorage, KEPT, null); base = { ...base, text: code.text() }; location.replace(`/cases/${name}/edit${query({ ...scenario, version: null })}`); }),
    button(`Save mine on top, as version ${theirs.version + 1}`, () => { close(); seen = theirs.version; save(theirs.version); }, "button danger"),
    button("Go on writing", () => { close(); code.focus(); }),
  ];
  if (both.text !== null && both.text !== mine) {
    choices.unshift(button("Put both together", () => {
      close();
      seen = theirs.version;
      code.set(both.text);
      say("Both changes stand in the editor. Look at them, then save.");
      byId("dirty").textContent = "Both changes stand in the editor. Look at them, then save.";
      code.focus();
    }, "button main"));
  }
  box.replaceChildren(
    heading("Somebody saved this case while you were writing"),
    line(`Version ${theirs.version} was saved on ${moment(theirs.saved_at)}${note}. You began from version ${seen}. Nothing has been overwritten, and your text is still in the editor.`),
    line(both.text === null
      ? `Both of you changed the same lines in ${counted(both.conflicts, "place")}: they cannot be put together without you.`
      : "The two sets of changes touch different lines: they can be put together."),
    buttons(
      pick("What they changed", origin, theirs.text, [`version ${seen}`, `version ${theirs.version}, theirs`]),
      pick("What I changed", origin, mine, [`version ${seen}`, "mine"]),
      pick("Theirs against mine", theirs.text, mine, [`version ${theirs.version}, theirs`, "mine"]),
    ),
    shown,
    buttons(...choices),
  );
  picks.at(-1).click();
  box.hidden = false;
  box.tabIndex = -1;
  box.focus();
  say("Somebody saved this case while you were writing. Nothing has been overwritten.");
};

const begin = async () => {
  try {
    base = await get(`/api/cases/${name}?version=${data.version}`);
  } catch (error) { showError(error); return; }
  seen = base.version;
  texts.set(base.version, base.text);
  byId("editor").replaceChildren();
  code = editor(byId("editor"), { text: base.text, label: `Text of the case ${data.title}`, describedby: "keys", complete, onInput: changed });
  const tellPlace = () => {
    const { at } = code.caret();
    const before = code.text().slice(0, at);
    byId("place").textContent = `Line ${before.split("\n").length}, column ${at - before.lastIndexOf("\n")}`;
  };
  document.addEventListener("selectionchange", () => { if (document.activeElement === code.field) tellPlace(); });
  const after = stored(sessionStorage, AFTER);
  store(sessionStorage, AFTER, null);
  if (after) { code.back(after); code.focus(); say(after.says); byId("dirty").textContent = after.says; }
  const left = stored(localStorage, KEPT);
  if (left && typeof left.text === "string" && left.text !== base.text) offer(left);
  const wanted = /^#line-(\d+)$/.exec(location.hash);
  if (wanted) code.go(Number(wanted[1]));
  await check();
  await showDiff();
  if (after) byId("dirty").textContent = after.says;
  byId("main").dataset.ready = "true";
};

byId("try").addEventListener("click", work);
byId("undo").addEventListener("click", () => { code.set(base.text); code.focus(); clearError(); });
byId("against").addEventListener("change", showDiff);
byId("layout").addEventListener("change", showDiff);
byId("save-form").addEventListener("submit", (event) => { event.preventDefault(); if (!byId("save").disabled) save(); });
addEventListener("beforeunload", (event) => { if (dirty()) { keep(); event.preventDefault(); } });
addEventListener("pagehide", () => { if (code) keep(); });
begin();
