// All jobs: how far each is, stop it, take it up again, see its run.
import { get, say, showError } from "./api.js";
import { element as made } from "./element.js";
import { cancelJob, clock, resumeJob, standing } from "./job.js";
import { counted, moment } from "./words.js";

const ACTIVE = 1000;
const IDLE = 5000;
const place = document.getElementById("jobs");
const none = document.getElementById("no-jobs");
const rows = new Map();
let timer = 0;
let asking = false;

const waits = (job) => job.state === "queued" || job.state === "running";
const link = (href, textContent) => made("a", { href, textContent });

const query = (job) => {
  const kept = new URLSearchParams();
  if (job.version !== null) kept.set("version", String(job.version));
  for (const [name, value] of Object.entries(job.set)) kept.append("set", `${name}:${value}`);
  for (const name of job.off) kept.append("off", name);
  const text = kept.toString().replaceAll("%3A", ":");
  return text ? `?${text}` : "";
};

const PAGES = { run: "verdict", forecast: "forecast", sensitivity: "sensitivity", designs: "designs", enforcement: "threats", frictions: "frictions", compare: "compare" };
const told = (job) => {
  const parts = [];
  const set = Object.entries(job.set);
  if (set.length) parts.push(set.length < 4 ? set.map(([name, value]) => `${name} = ${value}`).join(", ") : `${counted(set.length, "value")} set`);
  if (job.off.length) parts.push(`without ${job.off.join(", ")}`);
  if (job.options.draws) parts.push(counted(job.options.draws, "draw"));
  if (job.options.diagnosis) parts.push("with its diagnosis");
  if (job.options.patience) parts.push("with its least patience");
  if (job.options.question) parts.push(`of ${job.options.question}`);
  if (job.options.draft) parts.push(`draft ${job.options.draft}`);
  return parts.join("; ");
};

const rowOf = (job) => {
  const bar = made("progress", { max: 1, value: 0 });
  const far = made("span", { className: "small" });
  const line = made("div", { className: "progress" }, bar);
  const act = made("button", { type: "button", className: "button" });
  const chip = made("span", { className: "chip" });
  const more = made("p", { className: "small job-error" });
  const last = made("td");
  const head = made("th", { scope: "row" }, made("span", { textContent: job.title }), made("span", { className: "small muted job-told", textContent: told(job) }));
  const page = `/cases/${job.case}/${PAGES[job.kind] || "verdict"}${query(job)}`;
  const of = made("td", {}, link(page, job.case), made("span", { className: "small muted", textContent: job.version ? ` version ${job.version}` : "" }));
  const element = made("tr", { id: `job-${job.id}` }, head, of, made("td", {}, chip, line, far, more), made("td", { className: "small", textContent: moment(job.created) }), last);
  const found = { element, job: null, left: clock(), seen: "" };
  const label = `${job.title} of ${job.case}`;
  bar.setAttribute("aria-label", `How far: ${label}`);
  act.addEventListener("click", async () => {
    act.disabled = true;
    try {
      found.show(await (waits(found.job) ? cancelJob(job.id) : resumeJob(job.id)));
    } catch (error) {
      showError(error);
    }
    refresh();
  });
  found.show = (now) => {
    const before = found.job;
    found.job = now;
    element.dataset.state = now.state;
    bar.value = now.progress;
    line.hidden = now.state !== "running";
    chip.hidden = now.state === "running";
    chip.className = `chip ${{ done: "good", failed: "bad" }[now.state] || ""}`;
    chip.textContent = standing(now);
    far.hidden = now.state !== "running";
    far.textContent = [standing(now), found.left(now)].filter(Boolean).join("; ");
    more.hidden = now.state !== "failed";
    more.textContent = now.error;
    act.disabled = now.stopping;
    act.textContent = { failed: "Try again", cancelled: "Go on" }[now.state] || "Stop";
    act.setAttribute("aria-label", `${act.textContent}: ${label}`);
    const shape = `${now.state} ${now.run}`;
    if (shape !== found.seen) {
      found.seen = shape;
      const focused = last.contains(document.activeElement);
      const see = now.run ? link(`/runs/${now.run}`, "See the run") : null;
      last.replaceChildren(see || act);
      if (see) see.setAttribute("aria-label", `See the run: ${label}`);
      if (focused) last.firstChild.focus();
    }
    if (before && before.state !== now.state && !waits(now)) say(`${label}: ${standing(now)}.`);
  };
  return found;
};

const refresh = async () => {
  if (asking) return;
  asking = true;
  clearTimeout(timer);
  let pause = IDLE;
  try {
    const { jobs } = await get("/api/jobs?limit=100");
    for (const job of jobs) {
      if (!rows.has(job.id)) rows.set(job.id, rowOf(job));
      rows.get(job.id).show(job);
    }
    const there = new Set(jobs.map((job) => job.id));
    for (const id of rows.keys()) if (!there.has(id)) { rows.get(id).element.remove(); rows.delete(id); }
    jobs.forEach((job, k) => {
      const { element } = rows.get(job.id);
      if (place.rows[k] !== element) place.insertBefore(element, place.rows[k] || null);
    });
    document.getElementById("jobs-table").hidden = jobs.length === 0;
    none.hidden = jobs.length > 0;
    if (jobs.some(waits)) pause = ACTIVE;
    document.getElementById("main").dataset.shown = String(jobs.length);
  } catch (error) {
    showError(error);
  }
  asking = false;
  timer = setTimeout(refresh, document.hidden ? IDLE : pause);
};

document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
refresh();
