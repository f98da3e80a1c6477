// Jobs from the side of a page: start one, follow it, and a box that does both and finds it again after a reload.
import { get, say, send } from "./api.js";
import { element as made } from "./element.js";
import { data, scenario } from "./scenario.js";
import { capital, counted, percent } from "./words.js";

const OVER = ["done", "failed", "cancelled"];
const POLL = 1000;
const LEAST = 0.03;

/** What the button of a kind of job says; `options` may say more. */
const LABELS = {
  run: (options) => (options.diagnosis ? "Run the whole analysis with its diagnosis" : "Run the whole analysis"),
  forecast: (options) => `Make the forecast${drawn(options)}`,
  sensitivity: (options) => `Find what drives the answer${drawn(options)}`,
  sweep: (options) => `Solve the draws${drawn(options)}`,
  designs: () => "Search the designs",
  enforcement: (options) => `Ask what threats could do${options.patience ? ", and from which patience on" : ""}`,
  frictions: () => "Try every set of frictions",
  backtest: (options) => `Score past forecasts${drawn(options)}`,
  compare: () => "Compare both in full",
};
const drawn = (options) => (options.draws ? ` (${counted(options.draws, "draw")})` : "");

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const sorted = (value) => {
  if (Array.isArray(value)) return value.map(sorted);
  if (value && typeof value === "object") return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
  return value;
};
const same = (a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

const asked = (kind, options, { set = scenario.set, off = scenario.off } = {}) => {
  // Both sides of a comparison bring their own scenario.
  const own = kind === "compare" ? { set: {}, off: [] } : { set: Object.fromEntries(set), off: [...off].sort() };
  return { kind, case: scenario.case, version: data ? data.version : scenario.version, ...own, options };
};
const fits = (job, wanted) => job.kind === wanted.kind && job.version === wanted.version && same(job.set, wanted.set)
  && same([...job.off].sort(), wanted.off)
  && Object.entries(wanted.options).every(([key, value]) => same(job.options[key], value));

/** Start a job about the scenario at hand; gives its id. The same job that waits or runs already is not doubled. */
export const startJob = async (kind, options = {}) => (await send("POST", "/api/jobs", asked(kind, options))).id;

/** Ask a job to stop, or take it up again; both give the job. */
export const cancelJob = (id) => send("POST", `/api/jobs/${id}/cancel`, {});
export const resumeJob = (id) => send("POST", `/api/jobs/${id}/resume`, {});

/** Tell `tell(job)` of every change until the job is over, also while the server restarts; gives the job as it ended. */
export const watch = (id, tell = () => {}, { signal } = {}) => new Promise((done, failed) => {
  let events = null;
  let over = false;
  const end = (settle, value) => {
    over = true;
    if (events) events.close();
    settle(value);
  };
  const hear = (job) => {
    if (over) return;
    tell(job);
    if (OVER.includes(job.state)) end(done, job);
  };
  const poll = async () => {
    while (!over) {
      try {
        hear(await get(`/api/jobs/${id}`));
      } catch (error) {
        if (error.status !== 0 && error.code !== "busy") { end(failed, error); return; }
      }
      if (!over) await wait(POLL);
    }
  };
  if (signal) signal.addEventListener("abort", () => { if (!over) end(() => {}, null); });
  events = new EventSource(`/api/jobs/${id}/events`);
  events.onmessage = (event) => hear(JSON.parse(event.data));
  events.onerror = () => { if (!over && events.readyState === EventSource.CLOSED) poll(); };
});

/** Follow a job to the id of its run; `onProgress({progress, stage, state})`. Fails with the reason if there is none. */
export const follow = async (id, onProgress = () => {}) => {
  const job = await watch(id, onProgress);
  if (job.state === "done") return job.run;
  throw new Error(job.state === "failed" ? job.error : "the job was stopped");
};

/** How a job stands, in words. */
export const standing = (job) => {
  if (job.state === "queued") return job.attempts ? "waiting to be taken up again" : "waiting for its turn";
  if (job.state === "running") return job.stopping ? "stopping" : [percent(job.progress), job.stage].filter(Boolean).join(", ");
  return { done: "done", failed: "failed", cancelled: "stopped" }[job.state];
};

/** The time that is left, from how far the job has come since it is watched: a function of the job. */
export const clock = () => {
  let begun = null;
  return (job) => {
    if (job.state !== "running" || job.stopping) { begun = null; return ""; }
    const now = performance.now();
    if (begun === null || job.progress < begun.progress) begun = { at: now, progress: job.progress };
    const come = job.progress - begun.progress;
    if (come < LEAST) return "";
    const seconds = ((now - begun.at) / 1000 / come) * (1 - job.progress);
    if (seconds < 8) return "a few seconds left";
    return seconds < 100 ? `about ${Math.ceil(seconds / 10) * 10} seconds left` : `about ${counted(Math.round(seconds / 60), "minute")} left`;
  };
};

/**
 * A box with the button that starts a job about the scenario at hand, its progress and a way to stop it. It finds a job of the same
 * kind, scenario and options that runs, failed or was stopped. `onRun(id)` is called when a run is there. Returns `{stop}`, which
 * lets go of the box; the job goes on.
 */
export const jobBox = (element, kind, options = {}, onRun = () => {}, of = {}) => {
  const wanted = asked(kind, options, of);
  const leaving = new AbortController();
  const says = made("p", { className: "small" });
  const bar = made("progress", { max: 1, value: 0 });
  const far = made("span", { className: "small" });
  const line = made("div", { className: "progress", hidden: true }, bar, far);
  const start = made("button", { type: "button", className: "button main", textContent: LABELS[kind] ? LABELS[kind](options) : capital(kind) });
  const halt = made("button", { type: "button", className: "button", textContent: "Stop", hidden: true });
  const box = made("div", { className: "job" }, line, says, made("p", { className: "buttons" }, start, halt));
  bar.setAttribute("aria-label", `How far: ${LABELS[kind] ? LABELS[kind](options) : kind}`);
  element.replaceChildren(box);
  let job = null;
  let left = clock();

  const show = () => {
    const running = job !== null && !OVER.includes(job.state);
    line.hidden = !running;
    halt.hidden = !running;
    halt.disabled = running && job.stopping;
    start.hidden = running;
    box.dataset.state = job ? job.state : "";
    if (running) {
      bar.value = job.progress;
      far.textContent = [standing(job), left(job)].filter(Boolean).join("; ");
      says.textContent = "You may leave this page: the work goes on, and stands under Jobs.";
    } else if (job && job.state === "failed") {
      says.textContent = `It failed: ${job.error}`;
      start.textContent = "Try again";
    } else if (job && job.state === "cancelled") {
      says.textContent = "Stopped. What was solved is kept.";
      start.textContent = "Go on";
    } else {
      says.textContent = "";
    }
  };
  const trouble = (error) => {
    says.textContent = [error.message, error.hint].filter(Boolean).join(": ");
    say(says.textContent);
    start.disabled = false;
  };
  const attend = async (id) => {
    try {
      const ended = await watch(id, (now) => { job = now; show(); }, { signal: leaving.signal });
      say(ended.state === "done" ? "The work is done." : says.textContent);
      if (ended.state === "done") onRun(ended.run);
    } catch (error) {
      trouble(error);
    }
  };
  start.addEventListener("click", async () => {
    start.disabled = true;
    left = clock();
    try {
      const again = job && ["failed", "cancelled"].includes(job.state);
      const id = again ? (await resumeJob(job.id)).id : (await send("POST", "/api/jobs", wanted)).id;
      job = await get(`/api/jobs/${id}`);
      start.disabled = false;
      show();
      halt.focus();
      attend(id);
    } catch (error) {
      trouble(error);
    }
  });
  halt.addEventListener("click", async () => {
    try {
      job = await cancelJob(job.id);
      show();
    } catch (error) {
      trouble(error);
    }
  });
  (async () => {
    try {
      const query = new URLSearchParams({ case: wanted.case, kind, limit: "50" });
      const { jobs } = await get(`/api/jobs?${query}`);
      const found = jobs.find((one) => fits(one, wanted));
      if (leaving.signal.aborted || job !== null || !found || found.state === "done") return;
      job = found;
      show();
      if (!OVER.includes(found.state)) attend(found.id);
    } catch (error) {
      if (!leaving.signal.aborted) trouble(error);
    }
  })();
  return { stop() { leaving.abort(); } };
};
