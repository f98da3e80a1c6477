// The scenario: a version of a saved case, parameter values set, frictions switched off. It lives in the address.
import { send, showError, clearError } from "./api.js";

const held = document.getElementById("case-data");
export const data = held ? JSON.parse(held.textContent) : null;

const read = () => {
  const query = new URLSearchParams(location.search);
  const set = new Map();
  for (const entry of query.getAll("set")) {
    const cut = entry.lastIndexOf(":");
    const value = Number(entry.slice(cut + 1));
    if (cut > 0 && entry.slice(cut + 1) !== "" && Number.isFinite(value)) set.set(entry.slice(0, cut), value);
  }
  return {
    version: query.has("version") ? Number(query.get("version")) : null,
    set,
    off: new Set(query.getAll("off")),
    draft: query.get("draft") || "",
  };
};

export const scenario = { case: data ? data.name : "", ...read() };

const listeners = new Set();
let touched = 0;

/** The query of an address for this scenario, "" or beginning with "?". */
export const query = (other = scenario) => {
  const now = new URLSearchParams();
  const before = new URLSearchParams(location.search);
  for (const [key, value] of before) if (!["version", "set", "off", "draft"].includes(key)) now.append(key, value);
  if (other.version !== null) now.set("version", String(other.version));
  for (const [name, value] of other.set) now.append("set", `${name}:${value}`);
  for (const name of other.off) now.append("off", name);
  if (other.draft) now.set("draft", other.draft);
  const text = now.toString().replaceAll("%3A", ":");
  return text ? `?${text}` : "";
};

const own = (text) => {
  const kept = new URLSearchParams(text);
  for (const key of [...kept.keys()]) if (!["version", "set", "off", "draft"].includes(key)) kept.delete(key);
  const shown = kept.toString().replaceAll("%3A", ":");
  return shown ? `?${shown}` : "";
};

let suggested = null;
const tellLinks = () => {
  const carried = own(query({ ...scenario, draft: scenario.draft || suggested }));
  for (const link of document.querySelectorAll("a[data-page]")) {
    link.href = `/cases/${scenario.case}/${link.dataset.page}${carried}`;
  }
};

// Browsers refuse hundreds of address changes in a row. What a hand changes stands in the address at once, so that a
// reload keeps it; a long drag soon has only two writes a second, and its last value is always written.
const SPARE = 20;
const PER_SECOND = 2;
let spare = SPARE;
let counted = 0;
let waiting = 0;
const write = () => {
  waiting = 0;
  spare -= 1;
  history.replaceState(null, "", `${location.pathname}${query()}${location.hash}`);
  tellLinks();
};
const noteAddress = () => {
  const now = performance.now();
  spare = Math.min(SPARE, spare + ((now - counted) * PER_SECOND) / 1000);
  counted = now;
  if (waiting) tellLinks();
  else if (spare >= 1) write();
  else {
    waiting = setTimeout(write, 1000 / PER_SECOND);
    tellLinks();
  }
};

/**
 * Change the scenario: `set` and `off` are whole (Map or object, Set or list) or, for one entry, `{set: {name: value}, keep: true}`
 * adds to what is set; a value of null takes an entry away. Tells everybody who listens.
 */
export const change = ({ set, off, draft, keep = false } = {}, event = null) => {
  if (set !== undefined) {
    const entries = set instanceof Map ? [...set] : Object.entries(set);
    if (!keep) scenario.set.clear();
    for (const [name, value] of entries) {
      if (value === null) scenario.set.delete(name);
      else scenario.set.set(name, value);
    }
  }
  if (off !== undefined) scenario.off = new Set(off);
  if (draft !== undefined) scenario.draft = draft;
  touched = event && event.timeStamp ? event.timeStamp : performance.now();
  noteAddress();
  for (const listener of listeners) listener({ set: set !== undefined, off: off !== undefined, draft: draft !== undefined });
};

/** Where nobody has chosen a draft, let links to the other pages of the case lead to this one. */
export const suggestDraft = (draft) => {
  suggested = draft;
  tellLinks();
};

/** Call `listener({set, off, draft})` after every change, with what changed. Returns a function that stops it. */
export const onChange = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** The scenario as the body of a request. */
export const body = (extra = {}) => ({
  version: scenario.version, set: Object.fromEntries(scenario.set), off: [...scenario.off], ...extra,
});

/** Whether anything differs from the case as saved. */
export const moved = () => scenario.set.size > 0 || scenario.off.size > 0;

const painted = () => new Promise((done) => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => done();
  channel.port2.postMessage(null);
}));
const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

const busyCount = { now: 0 };
const markBusy = (step) => {
  busyCount.now += step;
  const main = document.getElementById("main");
  main.classList.toggle("busy", busyCount.now > 0);
  if (busyCount.now > 0) main.setAttribute("aria-busy", "true");
  else main.removeAttribute("aria-busy");
};

let atRest = new Set();
/** Call `listener()` when a live answer has been shown and nothing else is asked for. */
export const onRest = (listener) => { atRest.add(listener); return () => atRest.delete(listener); };

/**
 * Ask `path` again on every change of the scenario and give the answer, and the body asked with, to `show`. At most one
 * request is in flight and the last value always wins. `extra` is added to the body (an object, or a function that gives one, null to ask nothing);
 * `on` lists what makes it ask again (of "set", "off", "draft"). Returns `{refresh, stop}`.
 */
export const live = (path, extra, show, { on = ["set", "off"] } = {}) => {
  let running = false;
  let wanted = false;
  let stopped = false;

  const once = async () => {
    const begun = touched;
    touched = 0;
    const more = typeof extra === "function" ? extra() : extra;
    if (more === null) return;
    let marked = false;
    const timer = setTimeout(() => { marked = true; markBusy(1); }, 150);
    try {
      const asked = body(more);
      const answer = await patient(path, asked, () => wanted);
      if (stopped) return;
      clearError();
      await show(answer, asked);
      await painted();
      if (begun) performance.measure("servanda:refresh", { start: begun, end: performance.now() });
      document.getElementById("main").dataset.shown = String(Number(document.getElementById("main").dataset.shown || 0) + 1);
    } catch (error) {
      if (!wanted) {
        showError(error);
        // shown until there is a first answer, which overwrites it
        document.querySelector("#headline .asking")?.replaceChildren("No answer: what is wrong stands above.");
      }
    } finally {
      clearTimeout(timer);
      if (marked) markBusy(-1);
    }
  };
  const refresh = async () => {
    wanted = true;
    if (running) return;
    running = true;
    while (wanted && !stopped) {
      wanted = false;
      await once();
    }
    running = false;
    for (const listener of atRest) listener();
  };
  const unlisten = onChange((what) => { if (on.some((part) => what[part])) refresh(); });
  refresh();
  return { refresh, stop() { stopped = true; unlisten(); } };
};

const patient = async (path, asked, overtaken) => {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await send("POST", path, asked);
    } catch (error) {
      if (error.code !== "busy" || attempt >= 3 || overtaken()) throw error;
      await rest(1000 * Math.min(Math.max(error.retryAfter, 0.3), 3));
    }
  }
};

addEventListener("pagehide", () => { if (waiting) { clearTimeout(waiting); write(); } });
tellLinks();
