// A code editor made of a text field over a coloured copy of its lines. The text field does the editing, so that keyboards,
// screen readers, undo and input methods work as everywhere; only the lines in view are coloured.
import { pieces, states } from "./colouring.js";
import { say } from "./api.js";

const MARGIN = 30;
let editors = 0;

const make = (tag, className, parent) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (parent) parent.append(element);
  return element;
};

/**
 * An editor inside `element`.
 * `label` names it for screen readers; `describedby` is the id of what explains its keys; `complete({text, offset})` gives
 * `{start, end, suggestions}`; `onInput()` is called after every change; `readonly` shows only.
 * Returns `{text(), set(text), mark(issues), go(line, column), focus(), caret(), field}`.
 */
export const editor = (element, { text = "", label = "Text", describedby = "", readonly = false, complete = null, onInput = () => {} } = {}) => {
  const number = (editors += 1);
  element.classList.add("code");
  const gutter = make("div", "code-gutter", element);
  gutter.setAttribute("aria-hidden", "true");
  const numbers = make("div", "code-numbers", gutter);
  const field = make("div", "code-field", element);
  const paint = make("pre", "code-paint", field);
  paint.setAttribute("aria-hidden", "true");
  const area = make("textarea", "code-text", field);
  area.id = `code-${number}`;
  area.spellcheck = false;
  area.wrap = "off";
  area.autocapitalize = "off";
  area.autocomplete = "off";
  area.readOnly = readonly;
  area.setAttribute("aria-label", label);
  if (describedby) area.setAttribute("aria-describedby", describedby);
  const list = make("ul", "code-list", field);
  list.id = `code-list-${number}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  if (complete) {
    area.setAttribute("aria-autocomplete", "list");
    area.setAttribute("aria-controls", list.id);
  }
  area.value = text;

  let lines = [];
  let state = new Int16Array(0);
  let marks = new Map();
  let height = 0;
  let width = 0;

  const measure = () => {
    // What the browser makes of a line, not what the style says: at other sizes of text it rounds.
    const probe = make("div", "code-probe", field);
    for (let k = 0; k < 100; k += 1) make("div", "code-line", probe).textContent = "0".repeat(100);
    const box = probe.getBoundingClientRect();
    [width, height] = [box.width / 100, box.height / 100];
    probe.remove();
  };

  const read = () => {
    lines = area.value.split("\n");
    state = states(lines);
    element.style.setProperty("--digits", String(Math.max(3, String(lines.length).length)));
  };

  const painted = (k) => {
    const row = document.createElement("div");
    row.className = "code-line";
    const wrong = marks.get(k + 1);
    if (wrong) row.classList.add(wrong.severity);
    let column = 1;
    for (const [kind, said] of pieces(lines[k], state[k])) {
      const from = wrong ? wrong.column : 0;
      // The piece in which an issue stands is underlined.
      const hit = wrong && from >= column && from < column + said.length && said.trim();
      if (kind || hit) {
        const piece = document.createElement("span");
        piece.className = `${kind ? `y-${kind}` : ""}${hit ? " wrong" : ""}`.trim();
        piece.textContent = said;
        row.append(piece);
      } else {
        row.append(said);
      }
      column += said.length;
    }
    if (!lines[k]) row.append("\u200b");
    return row;
  };

  let shown = { from: -1, to: -1, lines: null, marks: null };
  const draw = () => {
    if (!height) measure();
    if (!height) return;
    const first = Math.floor(area.scrollTop / height);
    const count = Math.ceil(area.clientHeight / height);
    const from = Math.max(0, first - MARGIN);
    const to = Math.min(lines.length, first + count + MARGIN);
    const fresh = shown.lines !== lines || shown.marks !== marks;
    if (fresh || first < shown.from + 5 && shown.from > 0 || first + count > shown.to - 5 && shown.to < lines.length) {
      const rows = [];
      const labels = [];
      for (let k = from; k < to; k += 1) {
        rows.push(painted(k));
        const wrong = marks.get(k + 1);
        const place = document.createElement("div");
        place.textContent = String(k + 1);
        if (wrong) { place.className = wrong.severity; place.title = wrong.message; }
        labels.push(place);
      }
      paint.replaceChildren(...rows);
      numbers.replaceChildren(...labels);
      shown = { from, to, lines, marks };
    }
    paint.style.transform = `translate(${-area.scrollLeft}px, ${shown.from * height - area.scrollTop}px)`;
    numbers.style.transform = `translateY(${shown.from * height - area.scrollTop}px)`;
  };
  let waiting = 0;
  const redraw = () => { if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; draw(); }); };

  area.addEventListener("scroll", () => { draw(); hide(); }, { passive: true });
  new ResizeObserver(() => { height = 0; redraw(); }).observe(area);

  // Replaces like typing does, so that undo knows it.
  const put = (said, from = area.selectionStart, to = area.selectionEnd) => {
    area.focus();
    area.setSelectionRange(from, to);
    const done = said ? document.execCommand("insertText", false, said) : from === to || document.execCommand("delete");
    if (!done) {
      area.setRangeText(said, from, to, "end");
      area.dispatchEvent(new Event("input"));
    }
  };

  const lineStart = (at) => area.value.lastIndexOf("\n", at - 1) + 1;

  const indent = (back) => {
    const { selectionStart: from, selectionEnd: to, value } = area;
    const start = lineStart(from);
    if (!back && from === to) {
      put(" ".repeat(2 - ((from - start) % 2)));
      return;
    }
    const end = value.indexOf("\n", Math.max(from, to - 1));
    const block = value.slice(start, end < 0 ? value.length : end);
    const moved = block.split("\n").map((line) => (back ? line.replace(/^ {1,2}/, "") : line && `  ${line}`)).join("\n");
    if (moved === block) return;
    put(moved, start, start + block.length);
    if (from === to) {
      const caret = Math.max(start, from - (block.length - moved.length));
      area.setSelectionRange(caret, caret);
    } else {
      area.setSelectionRange(start, start + moved.length);
    }
  };

  const newline = () => {
    const from = area.selectionStart;
    const line = area.value.slice(lineStart(from), from);
    const deeper = /:\s*$/.test(line) && !/^\s*#/.test(line) ? "  " : "";
    const dash = /^(\s*)- +\S/.exec(line);
    const column = dash && !deeper ? dash[1].length + 2 : line.match(/^ */)[0].length + (dash && deeper ? 2 : 0);
    put(`\n${" ".repeat(column)}${deeper}`);
  };

  // Suggestions.
  let offered = null;
  let picked = -1;
  let asked = 0;
  let byHand = false;
  function hide() {
    if (list.hidden) return;
    list.hidden = true;
    offered = null;
    area.removeAttribute("aria-activedescendant");
  }
  const pick = (k) => {
    picked = (k + offered.suggestions.length) % offered.suggestions.length;
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === picked)));
    list.children[picked].scrollIntoView({ block: "nearest" });
    area.setAttribute("aria-activedescendant", list.children[picked].id);
  };
  const take = (k) => {
    const chosen = offered.suggestions[k];
    const { start, end } = offered;
    hide();
    put(chosen.insert, start, end);
    if (chosen.insert.endsWith(" ")) suggest(false);
  };
  const place = (start) => {
    const from = lineStart(start);
    const line = area.value.slice(0, from).split("\n").length - 1;
    const top = (line + 1) * height - area.scrollTop;
    const room = area.clientHeight - top;
    list.style.left = `${Math.max(0, Math.min((start - from) * width - area.scrollLeft, area.clientWidth - 300))}px`;
    if (room < 160 && top - height > room) {
      list.style.top = "";
      list.style.bottom = `${field.clientHeight - top + height}px`;
    } else {
      list.style.bottom = "";
      list.style.top = `${top}px`;
    }
  };
  const suggest = async (wanted) => {
    if (!complete || readonly) return;
    const ticket = (asked += 1);
    const { value, selectionStart } = area;
    let found;
    try {
      found = await complete({ text: value, offset: selectionStart });
    } catch (error) {
      // Nobody asked for suggestions while typing: only Ctrl+Space says why there are none.
      if (wanted) say(error.message);
      return;
    }
    if (ticket !== asked || area.value !== value || area.selectionStart !== selectionStart || document.activeElement !== area) return;
    const written = value.slice(found.start, found.end);
    const whole = found.suggestions.length === 1 && found.suggestions[0].shown === written.trim();
    if (!found.suggestions.length || (!wanted && whole)) {
      hide();
      if (wanted) say(found.suggestions.length ? "Complete already." : "Nothing to suggest here.");
      return;
    }
    offered = found;
    byHand = wanted;
    list.replaceChildren(...found.suggestions.map((each, k) => {
      const item = document.createElement("li");
      item.id = `${list.id}-${k}`;
      item.setAttribute("role", "option");
      const name = make("span", `code-shown y-${each.kind === "key" ? "key" : each.kind === "word" ? "word" : "name"}`, item);
      name.textContent = each.shown;
      if (each.about) make("span", "code-about", item).textContent = each.about;
      item.addEventListener("mousedown", (event) => { event.preventDefault(); take(k); });
      return item;
    }));
    list.hidden = false;
    place(found.start);
    pick(0);
    say(`${found.suggestions.length} suggestions: ${found.suggestions.slice(0, 3).map((each) => each.shown).join(", ")}`);
  };
  let typing = 0;
  const later = () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      const before = area.value.slice(lineStart(area.selectionStart), area.selectionStart);
      // While typing, only where a word has begun or a key or an operator has just been closed.
      if (area.selectionStart === area.selectionEnd && /(?:[\w.]|:\s|\bis\s|\bin\s\(|[[{,]\s?)$/.test(before)) suggest(false);
      else hide();
    }, 120);
  };

  let leaving = false;
  let moved = false;
  area.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      clearTimeout(typing);
      suggest(true);
      return;
    }
    if (offered && plain) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        moved = true;
        pick(picked + (event.key === "ArrowDown" ? 1 : -1));
        return;
      }
      if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); hide(); return; }
      // Enter ends a line unless somebody has reached for the list.
      if ((event.key === "Tab" && !event.shiftKey) || (event.key === "Enter" && (byHand || moved))) {
        event.preventDefault();
        take(picked);
        return;
      }
      if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) hide();
    }
    if (event.key === "Escape") {
      leaving = true;
      say("Tab now leaves the editor.");
      return;
    }
    if (event.key === "Tab" && plain) {
      if (leaving || readonly) { leaving = false; return; }
      event.preventDefault();
      indent(event.shiftKey);
      return;
    }
    if (event.key === "Enter" && plain && !readonly && !event.isComposing) {
      event.preventDefault();
      hide();
      newline();
    }
    if (!["Shift", "Control", "Alt", "Meta"].includes(event.key)) leaving = false;
  });
  area.addEventListener("blur", () => { hide(); leaving = false; });
  area.addEventListener("input", () => {
    read();
    redraw();
    moved = false;
    if (offered) hide();
    if (complete) later();
    onInput();
  });
  area.addEventListener("click", hide);

  // On paper there is no scrolling: all lines are laid out.
  addEventListener("beforeprint", () => {
    element.classList.add("printing");
    paint.style.transform = "";
    paint.replaceChildren(...lines.map((_, k) => painted(k)));
    shown = { from: -1, to: -1, lines: null, marks: null };
  });
  addEventListener("afterprint", () => { element.classList.remove("printing"); redraw(); });

  read();
  redraw();
  document.fonts?.ready.then(() => { height = 0; redraw(); });

  return {
    field: area,
    text: () => area.value,
    set(value) { area.value = value; hide(); read(); redraw(); onInput(); },
    mark(issues) {
      marks = new Map();
      for (const issue of issues) {
        const held = marks.get(issue.line);
        if (issue.line && (!held || (held.severity === "warning" && issue.severity === "error"))) marks.set(issue.line, issue);
      }
      redraw();
    },
    go(line, column = 1) {
      const before = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
      const at = Math.min(before + Math.max(0, column - 1), area.value.length);
      area.focus({ preventScroll: true });
      area.setSelectionRange(at, at);
      if (!height) measure();
      area.scrollTop = Math.max(0, (line - 1) * height - area.clientHeight / 3);
      area.scrollLeft = 0;
      element.scrollIntoView({ block: "nearest" });
      redraw();
    },
    caret: () => ({ at: area.selectionStart, top: area.scrollTop }),
    back({ at, top }) { area.setSelectionRange(at, at); area.scrollTop = top; redraw(); },
    focus() { area.focus(); },
  };
};
