// A picture with the words that carry it: caption, sentence and table. Vega is fetched from this server when first needed.
import { table as makeTable } from "./table.js";

const look = JSON.parse(document.getElementById("look").textContent);

/** Colours by name (ink, muted, blue, orange, green, vermillion, purple, sky, olive, grey, pale, faint), for light paper: rules of
 * style turn them into those for dark paper. */
export const colours = look.colours;
/** Colours of categories in order, and the dash patterns that repeat what they say. */
export const category = look.category;
export const dashes = look.dashes;

let library = null;
const vega = () => {
  library ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = "/static/vega.js";
    script.onload = () => done(window.servandaEmbed);
    script.onerror = () => failed(new Error("the drawing library could not be loaded"));
    document.head.append(script);
  });
  return library;
};

/** A Vega-Lite axis of dates (`field` in milliseconds, UTC) that names months over short spans. */
export const timeAxis = (days, field = "date") => {
  const short = days.length > 1 && days.at(-1) - days[0] < 6 * 365 * 864e5;
  return {
    field, type: "temporal", title: null, scale: { type: "utc" },
    axis: { format: short ? "%b %Y" : "%Y", tickCount: short ? 8 : 12, labelFlush: false },
  };
};

/** A Vega-Lite axis of probabilities from 0 to `top`. */
export const shareAxis = (title, field = "p", top = 1) => ({
  field, type: "quantitative", title, scale: { domain: [0, top] }, axis: { format: top < 0.1 ? ".1%" : ".0%", tickCount: 5 },
});

/** Layers that mark dated events (`[{date, label}]`, milliseconds): thin rules, with labels above the plot where there is room. */
export const eventLayers = (events, days, { labels = true } = {}) => {
  const shown = events.filter((event) => event.date > days[0] && event.date <= days.at(-1));
  const x = { field: "date", type: "temporal", scale: { type: "utc" } };
  // Nothing to see: it makes the axis as long as the days given, so that labels stand where they were reckoned.
  const span = { data: { values: [{ date: days[0] }, { date: days.at(-1) }] }, mark: { type: "point", opacity: 0, tooltip: null }, encoding: { x } };
  if (!shown.length) return [span];
  const rules = {
    data: { values: shown },
    mark: { type: "rule", color: colours.grey, strokeDash: [2, 3], strokeWidth: 1 },
    encoding: { x, tooltip: [{ field: "label", type: "nominal", title: "Event" }, { field: "date", type: "temporal", title: "Date", timeUnit: "utcyearmonthdate", format: "%-d %b %Y" }] },
  };
  if (!labels) return [span, rules];
  // Labels stand in lanes, so that none covers another: 800 pixels is about what the plot is wide.
  const reach = days.at(-1) - days[0];
  const ends = [];
  const rows = shown.toSorted((a, b) => a.date - b.date).map((event) => {
    const spot = (800 * (event.date - days[0])) / reach;
    const length = 6 * event.label.length + 12;
    const left = spot + length > 800;
    const from = left ? spot - length : spot;
    let lane = ends.findIndex((end) => end <= from);
    if (lane < 0) lane = ends.length;
    ends[lane] = left ? spot : spot + length;
    return { ...event, lane, left };
  });
  const texts = [];
  for (const lane of new Set(rows.map((row) => row.lane))) {
    for (const left of [false, true]) {
      const part = rows.filter((row) => row.lane === lane && row.left === left);
      if (part.length) {
        texts.push({
          data: { values: part },
          mark: { type: "text", align: left ? "right" : "left", dx: left ? -3 : 3, fontSize: 11, color: colours.muted },
          encoding: { x, y: { value: -8 - 14 * lane }, text: { field: "label", type: "nominal" } },
        });
      }
    }
  }
  return [span, rules, ...texts];
};

/** The tooltip line of a date. */
export const dayTip = (title = "Date") => ({ field: "date", type: "temporal", title, timeUnit: "utcyearmonthdate", format: "%-d %b %Y" });

const refuse = () => Promise.reject(new Error("charts load nothing"));
const options = {
  mode: "vega-lite", renderer: "svg", actions: false, logLevel: 1, ast: true, config: look.config,
  // Styles of the picture and its tooltip stand in the style sheet: the policy of the page allows no others.
  defaultStyle: false, tooltip: { disableDefaultStyle: true },
  loader: { load: refuse, sanitize: refuse, http: refuse, file: refuse },
};

/** The spec with rows for its named data sets, so that the first picture is no empty one. */
const filled = (spec, rows) => {
  if (!rows.size) return spec;
  const walk = (part) => {
    if (Array.isArray(part)) return part.map(walk);
    if (part === null || typeof part !== "object") return part;
    if (typeof part.name === "string" && rows.has(part.name) && "values" in part) return { name: part.name };
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, key === "values" ? value : walk(value)]));
  };
  return { ...walk(spec), datasets: { ...spec.datasets, ...Object.fromEntries(rows) } };
};

let count = 0;

/**
 * Draw a Vega-Lite `spec` into `element`, as a figure with a title, words and a table. `table` is `{columns, rows, caption}`.
 * A spec with `width: "container"` fills its place. Gives a handle: `data(name, rows)` puts other rows under a named data set,
 * `says(text)` other words, `table({columns, rows, caption})` another table, `spec(other)` another picture,
 * `signal(name, value)` another value; `ready` is a promise of the first picture, `view()` gives the Vega view or null.
 */
export const chart = (element, spec, { title = "", says = "", table = null } = {}) => {
  count += 1;
  const figure = document.createElement("figure");
  figure.className = "figure";
  const name = `figure-${count}`;
  figure.setAttribute("aria-labelledby", `${name}-title`);
  figure.setAttribute("aria-describedby", `${name}-says`);
  const head = document.createElement("h3");
  head.id = `${name}-title`;
  head.textContent = title;
  const place = document.createElement("div");
  place.className = "chart";
  const caption = document.createElement("figcaption");
  caption.id = `${name}-says`;
  caption.textContent = says;
  const fold = document.createElement("details");
  fold.className = "behind";
  const summary = document.createElement("summary");
  summary.textContent = "Table";
  summary.setAttribute("aria-label", title ? `Table: ${title}` : "Table");
  fold.append(summary);
  figure.append(...(title ? [head] : []), place, caption, fold);
  if (!title) figure.removeAttribute("aria-labelledby");
  element.append(figure);

  let view = null;
  let shown = null;
  // Rows of named data sets, as last given: a new picture starts with them.
  const held = new Map();
  const drawn = new Map();
  let wanted = table;
  let drawing = Promise.resolve();

  const tabulate = () => {
    if (!wanted || !fold.open) return;
    fold.querySelector(".scroll")?.remove();
    fold.append(makeTable(wanted.columns, wanted.rows, wanted.caption || title));
  };
  fold.addEventListener("toggle", tabulate);
  fold.hidden = !table;

  const draw = async (what) => {
    const embed = await vega();
    const begun = new Map(held);
    const holder = document.createElement("div");
    holder.className = "drawing";
    place.replaceChildren(holder);
    try {
      const result = await embed(holder, filled(what, begun), options);
      if (shown) shown.finalize();
      shown = result;
      view = result.view;
      for (const [dataset, rows] of begun) drawn.set(dataset, rows);
      // The words beside the picture say what it shows; the many marks inside would only be read out one by one.
      const svg = holder.querySelector("svg");
      if (svg) { svg.setAttribute("aria-hidden", "true"); svg.removeAttribute("role"); svg.setAttribute("focusable", "false"); }
    } catch (error) {
      const note = document.createElement("p");
      note.className = "small";
      note.textContent = `This picture could not be drawn here; its table is below. (${error.message})`;
      place.replaceChildren(note);
    }
  };
  const then = (work) => { drawing = drawing.then(work, work); return drawing; };
  const ready = then(() => draw(spec));
  ready.catch(() => {});

  return {
    figure,
    ready,
    view: () => view,
    data(dataset, rows) {
      held.set(dataset, rows);
      return then(() => {
        // what was overtaken meanwhile, or drawn already, is not drawn
        if (!view || held.get(dataset) !== rows || drawn.get(dataset) === rows) return undefined;
        drawn.set(dataset, rows);
        return view.data(dataset, rows).runAsync();
      });
    },
    signal: (key, value) => then(() => (view ? view.signal(key, value).runAsync() : undefined)),
    spec: (other) => then(() => draw(other)),
    says(text) { if (caption.textContent !== text) caption.textContent = text; },
    title(text) { head.textContent = text; },
    table(other) { wanted = other; fold.hidden = !other; tabulate(); },
  };
};
