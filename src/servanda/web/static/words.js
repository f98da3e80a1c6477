// Numbers as a reader wants them, in the same words as the reports.
export const MINUS = "\u2212";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const TINY = 0.001;
const SCALE = [
  ["almost no chance", 0.0, 0.05],
  ["very unlikely", 0.05, 0.2],
  ["unlikely", 0.2, 0.45],
  ["roughly even chance", 0.45, 0.55],
  ["likely", 0.55, 0.8],
  ["very likely", 0.8, 0.95],
  ["almost certain", 0.95, 1.0],
];

/** The standard words for a probability. */
export const words = (p) => {
  if (p < 0.5) return SCALE.find(([, , high]) => p <= high)[0];
  return SCALE.toReversed().find(([, low]) => p >= low)[0];
};

/** A probability in per cent: whole numbers in the middle, one decimal near the ends, bounds beyond 0.1 %. */
export const percent = (p) => {
  if (p <= 0) return "0\u00a0%";
  if (p >= 1) return "100\u00a0%";
  if (p < TINY) return "<0.1\u00a0%";
  if (p > 1 - TINY) return ">99.9\u00a0%";
  return p < 0.0095 || p > 0.9905 ? `${(100 * p).toFixed(1)}\u00a0%` : `${(100 * p).toFixed(0)}\u00a0%`;
};

/** A sentence in which numbers stay on one line with their sign. */
export const unbroken = (text) => text.replace(/(\d) %/g, "$1\u00a0%");

/** Words first, then the number. */
export const likelihood = (p) => {
  if (p < 0.0095) return `${words(p)} (less than 1\u00a0%)`;
  if (p > 0.9905) return `${words(p)} (more than 99\u00a0%)`;
  return `${words(p)} (${percent(p)})`;
};

/** A number with its sign, zero without. */
export const signed = (value, digits = 1) => {
  if (value === null || value === undefined) return "–";
  if (value === "inf" || value === Infinity) return "+∞";
  if (value === "-inf" || value === -Infinity) return `${MINUS}∞`;
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return (value > 0 ? "+" : MINUS) + text;
};

/** A change of a probability in percentage points, with one decimal where whole numbers hide it; "" where there is none. */
export const change = (difference) => {
  const size = Math.abs(100 * difference);
  if (size < 0.05) return "";
  return `${signed(100 * difference, size < 9.95 ? 1 : 0)} points`;
};

/** A plain number to about four significant digits, thousands set apart. */
export const number = (value) => {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return signed(value);
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e7) {
    const digits = Math.min(Math.max(0, 3 - Math.floor(Math.log10(size))), 6);
    return value.toLocaleString("en-GB", { maximumFractionDigits: digits }).replace("-", MINUS);
  }
  const [digits, power] = Math.abs(Number(value.toPrecision(3))).toExponential().split("e");
  return `${value < 0 ? MINUS : ""}${digits}e${power[0]}${power.slice(1).padStart(2, "0")}`;
};

const parts = (day) => day.slice(0, 10).split("-").map(Number);

/** An ISO date to the month. */
export const month = (day) => { const [y, m] = parts(day); return `${MONTHS[m - 1]}\u00a0${y}`; };

/** An ISO date to the day. */
export const fullDate = (day) => { const [y, m, d] = parts(day); return `${d}\u00a0${MONTHS[m - 1]}\u00a0${y}`; };

/** An ISO date as the number that charts take: milliseconds, UTC. */
export const day = (iso) => { const [y, m, d] = parts(iso); return Date.UTC(y, m - 1, d); };

/** A moment in the reader's own time, to the minute. */
export const moment = (iso) => {
  const at = new Date(iso);
  const clock = `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
  return `${at.getDate()} ${MONTHS[at.getMonth()]} ${at.getFullYear()}, ${clock}`;
};

/** A duration in years. */
export const years = (value) => (value < 1 / 12 ? "under a month" : `${value.toFixed(1)} years`);

/** Items joined as a sentence does. */
export const listed = (items) => (items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`);

/** A count with its noun. */
export const counted = (count, noun) => `${count.toLocaleString("en-GB")} ${noun}${count === 1 ? "" : "s"}`;

/** The text with its first letter raised. */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
