// Two scenarios side by side: pick the sides, see both verdicts, every headline number in pairs, and what differs in the input.
import { get, say, showError } from "./api.js";
import { chart, colours } from "./chart.js";
import { jobBox } from "./job.js";
import { data, live, onChange, query, scenario } from "./scenario.js";
import { table } from "./table.js";
import { counted, fullDate, likelihood, percent, years } from "./words.js";

const place = (id) => document.getElementById(id);
const text = (tag, content, className = "") => {
  const element = document.createElement(tag);
  element.textContent = content;
  if (className) element.className = className;
  return element;
};

// the sides, kept in the address: `saved`, `sliders`, or CASE@VERSION;set=NAME:VALUE;off=NAME ----------------------------

const DEFAULTS = { a: "saved", b: "sliders" };
const parsed = (spec) => {
  if (spec === "saved") return { case: scenario.case, version: data.version, set: {}, off: [] };
  if (spec === "sliders") return null;
  const [head, ...pieces] = spec.split(";");
  const [name, version] = head.split("@");
  const side = { case: name, version: version ? Number(version) : null, set: {}, off: [] };
  for (const piece of pieces) {
    const cut = piece.indexOf("=");
    const value = decodeURIComponent(piece.slice(cut + 1));
    if (piece.slice(0, cut) === "off") side.off.push(value);
    else {
      const colon = value.lastIndexOf(":");
      side.set[value.slice(0, colon)] = Number(value.slice(colon + 1));
    }
  }
  return side;
};
const written = ({ case: name, version, set, off }) => [
  version === null ? name : `${name}@${version}`,
  ...Object.entries(set).map(([key, value]) => `set=${encodeURIComponent(`${key}:${value}`)}`),
  ...off.map((key) => `off=${encodeURIComponent(key)}`),
].join(";");
const sliders = () => ({
  case: scenario.case, version: data.version, set: Object.fromEntries(scenario.set), off: [...scenario.off],
});

const address = new URLSearchParams(location.search);
const sides = { a: address.get("a") || DEFAULTS.a, b: address.get("b") || DEFAULTS.b };
for (const mark of ["a", "b"]) {
  // an address that somebody broke off or mistyped is no reason to show nothing
  try { parsed(sides[mark]); } catch { sides[mark] = DEFAULTS[mark]; }
}

const pick = (mark) => {
  const select = place(`side-${mark}`);
  const known = [...select.options].some((option) => option.value === sides[mark] && option.value !== "held");
  const held = select.querySelector('[value="held"]');
  held.hidden = known;
  if (!known) {
    const { case: name, version, set, off } = parsed(sides[mark]);
    const told = [
      ...(name === scenario.case ? [] : [name]),
      ...(version === null || (name === scenario.case && version === data.version) ? [] : [`version ${version}`]),
      ...(Object.keys(set).length ? [counted(Object.keys(set).length, "value") + " set"] : []),
      ...(off.length ? [counted(off.length, "friction") + " off"] : []),
    ];
    held.textContent = `held: ${told.join(", ") || "as saved"}`;
  }
  select.value = known ? sides[mark] : "held";
};

let asked = null;
const settle = () => {
  const kept = new URLSearchParams(query());
  for (const mark of ["a", "b"]) {
    if (sides[mark] === DEFAULTS[mark]) kept.delete(mark);
    else kept.set(mark, sides[mark]);
    pick(mark);
  }
  history.replaceState(null, "", `${location.pathname}${kept.size ? `?${kept.toString().replaceAll("%3A", ":")}` : ""}${location.hash}`);
  asked?.refresh();
  rebox();
};

// what is shown -------------------------------------------------------------------------------------------------------

const change = (contrast) => {
  if (contrast.difference === null) return "–";
  if (contrast.difference === 0) return "0";
  const size = Math.abs(contrast.difference) * (contrast.unit === "probability" ? 100 : 1);
  return `${contrast.difference > 0 ? "+" : "\u2212"}${size >= 0.1 ? size.toFixed(1) : "<0.1"}${contrast.unit === "years" ? " years" : ""}`;
};
const amount = (value, unit) => (value === null ? "–" : unit === "years" ? years(value) : percent(value));
const row = (contrast, title = contrast.title) => [
  title,
  { text: amount(contrast.a, contrast.unit), sort: contrast.a ?? -1 },
  { text: amount(contrast.b, contrast.unit), sort: contrast.b ?? -1 },
  { text: change(contrast), sort: contrast.difference ?? 0 },
];
const COLUMNS = ["Number", { title: "A", numeric: true }, { title: "B", numeric: true }, { title: "B \u2212 A", numeric: true }];
const NOTE = "Probabilities; differences in percentage points.";

const broken = (words, width) => {
  const lines = [""];
  for (const word of words.split(" ")) {
    if (`${lines.at(-1)} ${word}`.length > width && lines.at(-1)) lines.push(word);
    else lines[lines.length - 1] = `${lines.at(-1)} ${word}`.trim();
  }
  return lines.length > 2 ? [lines[0], `${lines[1]} …`] : lines;
};

const y = (limit) => ({
  field: "label", type: "nominal", sort: { field: "rank", op: "min" },
  axis: { title: null, labelExpr: "split(datum.value, '|')", labelLimit: limit, labelPadding: 8, ticks: false, domain: false, grid: true, labelOffset: { condition: { test: "indexof(datum.value, '|') >= 0", value: -7 }, value: 0 } },
});
const x = (channel) => ({ field: channel, type: "quantitative", title: null, scale: { domain: [0, 1] }, axis: { format: ".0%", tickCount: 5 } });
const pairs = (limit) => {
  const side = {
    field: "side", type: "nominal", title: null, scale: { domain: ["A", "B"] },
    legend: { orient: "top", symbolSize: 110 },
  };
  return [
    { mark: { type: "rule", color: colours.grey, strokeWidth: 2 }, transform: [{ filter: "isValid(datum.a) && isValid(datum.b)" }], encoding: { x: x("a"), x2: { field: "b" }, y: y(limit) } },
    {
      transform: [{ fold: ["a", "b"], as: ["key", "p"] }, { filter: "isValid(datum.p)" }, { calculate: "upper(datum.key)", as: "side" }],
      mark: { type: "point", filled: true, opacity: 1 },
      encoding: {
        x: x("p"), y: y(limit),
        color: { ...side, scale: { ...side.scale, range: [colours.blue, colours.vermillion] } },
        shape: { ...side, scale: { ...side.scale, range: ["circle", "diamond"] } },
        // the second lies on the first where both are alike: both can be seen
        size: { condition: { test: "datum.side === 'A'", value: 180 }, value: 90 },
        tooltip: [{ field: "full", title: "Number" }, { field: "told_a", title: "A" }, { field: "told_b", title: "B" }, { field: "told", title: "B − A" }],
      },
    },
  ];
};
const datum = (contrast, rank, label, more = {}) => ({
  a: contrast.a, b: contrast.b, rank, label, full: contrast.title, told_a: amount(contrast.a, contrast.unit),
  told_b: amount(contrast.b, contrast.unit), told: change(contrast), ...more,
});
const room = (element, taken) => Math.max(220, element.clientWidth - taken);

const gateRows = (answer) => answer.drafts.flatMap((draft, rank) => draft.numbers
  .filter((n) => n.unit === "probability")
  .map((n, k) => datum(n, k, n.title, { draft: draft.title, place: rank })));
const playRows = (answer) => [...answer.outcomes, ...answer.questions].map((n, k) => datum(n, k, broken(n.title, 52).join("|")));

const largest = (list) => list.filter((n) => n.difference).sort((p, q) => Math.abs(q.difference) - Math.abs(p.difference))[0];
const told = (list, what) => {
  const most = largest(list.filter((n) => n.unit === "probability"));
  return most
    ? `The largest difference (${change(most)} points): ${most.full || most.title} ${amount(most.a, most.unit)} with A, ${amount(most.b, most.unit)} with B.`
    : `${what} the same on both sides.`;
};

const figures = {};
const put = (key, make, rows, words, rest) => {
  if (figures[key]) {
    figures[key].data("rows", rows);
    figures[key].says(words);
    figures[key].table(rest);
    return;
  }
  figures[key] = chart(place(`${key}-chart`), make(rows), { says: words, table: rest });
};

const show = (answer) => {
  place("compare-says").textContent = answer.says;
  for (const mark of ["a", "b"]) {
    const side = answer[mark];
    const which = side.case === scenario.case && side.version === data.version ? "" : `${side.title}, version ${side.version}: `;
    place(`shown-${mark}`).replaceChildren(
      text("p", `${which}${side.label}`, "small muted"),
      text("p", side.headline, "verdict"),
      text("p", `${likelihood(side.probability)}; followed to ${fullDate(side.horizon)}.${side.settled ? "" : " Play beyond the horizon has not settled: rough numbers."}`, "small"),
    );
  }
  place("compare-drafts").hidden = !answer.drafts.length;
  if (answer.drafts.length) {
    const all = answer.drafts.flatMap((draft) => draft.numbers.map((n) => ({ ...n, full: `“${draft.title}”, ${n.title.toLowerCase()}:` })));
    const rows = answer.drafts.flatMap((draft) => draft.numbers.map((n) => [draft.title, ...row(n)]));
    put("gates", (values) => ({
      data: { name: "rows", values },
      facet: { row: { field: "draft", title: null, sort: { field: "place", op: "min" }, header: { labelOrient: "top", labelAnchor: "start" } } },
      spec: { width: room(place("gates-chart"), 170), height: { step: 20 }, layer: pairs(160) },
    }), gateRows(answer), told(all, "All gates are"), { columns: ["Draft", ...COLUMNS], rows, caption: `Gates of every draft, alone on the table. ${NOTE}` });
  }
  const play = [...answer.outcomes, ...answer.questions];
  put("play", (values) => ({
    data: { name: "rows", values }, width: room(place("play-chart"), 360), height: { step: 32 }, layer: pairs(330),
  }), playRows(answer), told(play, "All outcomes and answers are"), { columns: COLUMNS, rows: play.map((n) => row(n)), caption: `Outcomes and dated questions. ${NOTE}` });
  input(answer);
  say(answer.says);
};

const input = (answer) => {
  const box = place("compare-input");
  const wording = answer.wording ? `${counted(answer.wording, "difference")} of titles, notes, sources or grades` : "";
  if (!answer.listed) {
    box.replaceChildren(text("p", "Both cases are too long to be set side by side at once; the full comparison below lists what differs."));
    return;
  }
  if (!answer.input.length) {
    box.replaceChildren(text("p", wording ? `Nothing that moves a result: ${wording} only.` : "Nothing differs in the input."));
    return;
  }
  const rest = [answer.left ? `${counted(answer.left, "more difference")} not shown` : "", wording].filter(Boolean).join("; ");
  box.replaceChildren(
    table(["Where", "A", "B"], answer.input.map((d) => [d.what, d.a || "–", d.b || "–"]), "Where the two inputs differ"),
    ...(rest ? [text("p", `Besides: ${rest}.`, "small muted")] : []),
  );
};

// the whole, as a job -------------------------------------------------------------------------------------------------

const whole = (side) => parsed(side) || sliders();
const full = async (id) => {
  const run = await get(`/api/runs/${encodeURIComponent(id)}`);
  const result = run.result;
  const numbers = [
    ...result.drafts.flatMap((draft) => draft.numbers.map((n) => row(n, `${[...new Set([draft.title_a, draft.title_b])].filter(Boolean).join(" | ")}: ${n.title}`))),
    ...[...result.outcomes, ...result.questions].map((n) => row(n)),
  ];
  const link = text("a", "Open the run");
  link.href = `/runs/${encodeURIComponent(id)}`;
  const line = document.createElement("p");
  line.append(`Made ${fullDate(run.created)}. `, link, ".");
  place("compare-full").replaceChildren(
    text("p", `A: ${result.a.headline}`), text("p", `B: ${result.b.headline}`), line,
    table(COLUMNS, numbers, `All numbers of both runs. ${NOTE}`),
    table(["Where", "A", "B"], result.input.filter((d) => !d.wording).map((d) => [d.what, d.a || "–", d.b || "–"]), "Where the inputs of both runs differ"),
  );
};
const plain = ({ case: name, version, set, off }) => JSON.stringify([name, version ?? null, Object.entries(set ?? {}).sort(), [...(off ?? [])].sort()]);
let boxed = "";
let box = null;
const job = async () => {
  const [a, b] = [whole(sides.a), whole(sides.b)];
  const now = `${plain(a)} ${plain(b)}`;
  if (now === boxed || data.trouble) return;
  boxed = now;
  box?.stop();
  place("compare-full").replaceChildren();
  box = jobBox(place("compare-job"), "compare", { a, b }, full);
  const { jobs } = await get(`/api/jobs?case=${encodeURIComponent(scenario.case)}`);
  const done = jobs.find((one) => one.kind === "compare" && one.state === "done" && one.run && one.options.b
    && plain(one.options.a ?? {}) === plain(a) && plain(one.options.b) === plain(b));
  if (done && now === boxed) await full(done.run);
};
const rebox = () => job().catch(showError);

for (const mark of ["a", "b"]) {
  place(`side-${mark}`).addEventListener("change", (event) => {
    if (event.target.value !== "held") sides[mark] = event.target.value;
    settle();
  });
  place(`hold-${mark}`).addEventListener("click", () => {
    sides[mark] = written(sliders());
    settle();
    say(`The sliders as they stand are held as ${mark.toUpperCase()}.`);
  });
}
place("swap").addEventListener("click", () => {
  [sides.a, sides.b] = [sides.b, sides.a];
  settle();
});
for (const mark of ["a", "b"]) pick(mark);
if (!data.trouble) {
  asked = live(`/api/cases/${scenario.case}/compare`, () => ({ a: parsed(sides.a), b: parsed(sides.b) }), show);
  let timer = 0;
  onChange(() => { clearTimeout(timer); timer = setTimeout(rebox, 400); });
  rebox();
}
