// Texts for a subset of the frictions, in the words and digits that the rest of the page uses.
const latticeTexts = (data) => {
  "use strict";
  const MINUS = "\u2212", UNIT = "\u00a0%";
  const words = (p) => p < 0.5
    ? data.scale.find(([, , high]) => p <= high)[0]
    : [...data.scale].reverse().find(([, low]) => p >= low)[0];
  const percent = (p) => {
    if (p <= 0) return `0${UNIT}`;
    if (p >= 1) return `100${UNIT}`;
    if (p < data.tiny) return `<0.1${UNIT}`;
    if (p > 1 - data.tiny) return `>99.9${UNIT}`;
    return (100 * p).toFixed(p < 0.0995 || p > 0.9905 ? 1 : 0) + UNIT;
  };
  const amount = (x) => Number(x.toPrecision(3))
    .toLocaleString("en-US", { maximumFractionDigits: 6 }).replace("-", MINUS);
  const odds = (mask) => {
    const p = data.columns[0].values[mask];
    if (p <= 0 || p >= 1) return p <= 0 ? `${MINUS}∞` : "+∞";
    const text = Math.abs(Math.log(p) - Math.log1p(-p)).toFixed(1);
    return text === "0.0" ? text : (p > 0.5 ? "+" : MINUS) + text;
  };
  const level = (column, mask) => {
    const { unit, values } = data.columns[column];
    return unit === "probability" ? percent(values[mask]) : `${amount(values[mask])} ${unit}`.trim();
  };
  const count = (mask) => mask === 0 ? 0 : (mask & 1) + count(mask >>> 1);
  const likelihood = (p) => {
    const figure = p < 0.0095 ? `less than 1${UNIT}` : p > 0.9905 ? `more than 99${UNIT}` : (100 * p).toFixed(0) + UNIT;
    return `${words(p)} (${figure})`;
  };
  const sentence = (mask, total) => {
    const off = count(mask);
    const head = off === 0 ? "Every friction on" : off === total ? "Every friction off"
      : off === 1 ? "1 friction off" : `${off} frictions off`;
    const { unit, values } = data.columns[0];
    return `${head}: ${unit === "probability" ? likelihood(values[mask]) : level(0, mask)}`
      + (data.unsettled.includes(mask) ? " (far future unsettled)" : "");
  };
  return { level, odds, sentence };
};
