// The gates of drafts as bars with words and numbers, refreshed in place, with the change against another answer.
import { change, percent, words, years } from "./words.js";

const GATES = [["sign", "Sign"], ["ratify", "Ratify"], ["keep", "Keep"], ["holds", "All three"]];

const made = (tag, className, text = "") => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
};

const cell = () => {
  const place = made("td", "gate");
  const bar = made("span", "bar");
  bar.setAttribute("aria-hidden", "true");
  const fill = made("i");
  const was = made("b");
  bar.append(fill, was);
  const number = made("span", "num");
  const value = made("span");
  const difference = made("span", "diff");
  number.append(value, " ", difference);
  const word = made("span", "word small");
  place.append(bar, number, word);
  return {
    place,
    show(p, before, told) {
      bar.style.setProperty("--p", String(p));
      was.hidden = before === null;
      if (before !== null) bar.style.setProperty("--was", String(before));
      bar.classList.toggle("low", p < 0.5);
      value.textContent = percent(p);
      word.textContent = told ? words(p) : "";
      const text = before === null ? "" : change(p - before);
      difference.textContent = text;
      difference.classList.toggle("up", text !== "" && p > before);
      difference.classList.toggle("down", text !== "" && p < before);
    },
  };
};

/**
 * A table of drafts by gate in `element`. Gives `show(drafts, {before, focus})`: the drafts of an answer, those of the answer they are
 * held against (or null), and the name of the draft to mark.
 */
export const gateTable = (element, caption, { life = true } = {}) => {
  const holder = made("div", "scroll");
  const table = made("table", "table gates");
  holder.append(table);
  table.createCaption().textContent = caption;
  const heads = table.createTHead().insertRow();
  for (const title of ["Draft", ...GATES.map(([, name]) => name), ...(life ? ["Mean life"] : [])]) {
    const head = made("th", "", title);
    head.scope = "col";
    heads.append(head);
  }
  const body = table.createTBody();
  const rows = new Map();
  element.append(holder);

  const rowOf = (draft) => {
    if (!rows.has(draft.draft)) {
      const line = body.insertRow();
      const head = made("th", "", draft.title);
      head.scope = "row";
      const cells = GATES.map(cell);
      const lasting = made("td", "n");
      line.append(head, ...cells.map((one) => one.place), ...(life ? [lasting] : []));
      rows.set(draft.draft, { line, cells, lasting });
    }
    return rows.get(draft.draft);
  };
  return {
    table,
    show(drafts, { before = null, focus = "" } = {}) {
      const known = new Set(drafts.map((draft) => draft.draft));
      for (const [name, { line }] of rows) if (!known.has(name)) { line.remove(); rows.delete(name); }
      for (const draft of drafts) {
        const { line, cells, lasting } = rowOf(draft);
        const old = before && before.find((other) => other.draft === draft.draft);
        GATES.forEach(([gate], k) => cells[k].show(draft[gate], old ? old[gate] : null, gate === "holds"));
        lasting.textContent = years(draft.life);
        if (draft.draft === focus) line.setAttribute("aria-current", "true");
        else line.removeAttribute("aria-current");
      }
    },
  };
};
