// What differs between two texts: by lines (Myers 1986), inside changed lines by words; and three texts put together.

const MOST_STEPS = 1500;

/** Matching runs of two lists as [start in a, start in b, length], in order; beyond MOST_STEPS the rest counts as changed. */
export const matches = (a, b) => {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const n = a.length - start - end;
  const m = b.length - start - end;
  const found = start ? [[0, 0, start]] : [];
  if (n && m) for (const [x, y, length] of inner(a, b, start, n, m)) found.push([x, y, length]);
  if (end) found.push([a.length - end, b.length - end, end]);
  return found;
};

const inner = (a, b, offset, n, m) => {
  const most = Math.min(n + m, MOST_STEPS);
  const reach = new Int32Array(2 * most + 2);
  const trail = [];
  for (let d = 0; d <= most; d += 1) {
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reach[most + k - 1] < reach[most + k + 1]);
      let x = down ? reach[most + k + 1] : reach[most + k - 1] + 1;
      let y = x - k;
      while (x < n && y < m && a[offset + x] === b[offset + y]) { x += 1; y += 1; }
      reach[most + k] = x;
      if (x >= n && y >= m) return backwards(trail, d, n, m, offset);
    }
    trail.push(reach.slice(most - d, most + d + 1));
  }
  return [];
};

const backwards = (trail, last, n, m, offset) => {
  const runs = [];
  let [x, y] = [n, m];
  for (let d = last; d > 0; d -= 1) {
    const before = trail[d - 1];
    const at = (k) => (Math.abs(k) <= d - 1 ? before[k + d - 1] : -1);
    const k = x - y;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const from = down ? at(k + 1) : at(k - 1);
    const begin = down ? from : from + 1;
    if (x > begin) runs.push([offset + begin, offset + begin - k, x - begin]);
    [x, y] = [from, from - (down ? k + 1 : k - 1)];
  }
  if (x > 0) runs.push([offset, offset, x]);
  return runs.reverse().filter(([, , length]) => length > 0);
};

/** Changes between two lists: [from a, to a, from b, to b] of every stretch that differs. */
export const changes = (a, b) => {
  const found = [];
  let [x, y] = [0, 0];
  for (const [s, t, length] of [...matches(a, b), [a.length, b.length, 0]]) {
    if (s > x || t > y) found.push([x, s, y, t]);
    [x, y] = [s + length, t + length];
  }
  return found;
};

const words = (line) => line.match(/\w+|\s+|[^\w\s]/g) ?? [];

/** The words of two lines as [[text, changed], …] each. */
export const wordsBetween = (one, other) => {
  const [a, b] = [words(one), words(other)];
  const first = a.map((text) => [text, false]);
  const second = b.map((text) => [text, false]);
  for (const [i, j, s, t] of changes(a, b)) {
    for (let k = i; k < j; k += 1) first[k][1] = true;
    for (let k = s; k < t; k += 1) second[k][1] = true;
  }
  return [first, second];
};

/**
 * Two texts that grew from one, put together where they did not touch the same lines.
 * Returns `{text, conflicts}`; `text` is null where they did.
 */
export const together = (base, mine, theirs) => {
  const [o, a, b] = [base, mine, theirs].map((text) => text.split("\n"));
  const edits = [
    ...changes(o, a).map(([i, j, s, t]) => ({ i, j, lines: a.slice(s, t) })),
    ...changes(o, b).map(([i, j, s, t]) => ({ i, j, lines: b.slice(s, t) })),
  ].sort((p, q) => p.i - q.i || p.j - q.j);
  const out = [];
  let at = 0;
  let conflicts = 0;
  let last = null;
  for (const edit of edits) {
    const same = last && last.i === edit.i && last.j === edit.j && last.lines.join("\n") === edit.lines.join("\n");
    if (same) continue;
    // Changed lines beside changed lines can stay apart; what was put in at the same place has no order.
    const puts = (each) => each.i === each.j;
    if (last && (edit.i < last.j || (edit.i === last.j && (puts(edit) || puts(last))))) { conflicts += 1; continue; }
    for (; at < edit.i; at += 1) out.push(o[at]);
    out.push(...edit.lines);
    at = edit.j;
    last = edit;
  }
  for (; at < o.length; at += 1) out.push(o[at]);
  return { text: conflicts ? null : out.join("\n"), conflicts };
};

const cell = (row, className, said, sign) => {
  const place = row.insertCell();
  place.className = className;
  if (sign) {
    const mark = document.createElement("span");
    mark.className = "sign";
    mark.textContent = sign === "new" ? "+" : "−";
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", sign === "new" ? "added: " : "removed: ");
    place.append(mark);
  }
  const code = document.createElement("code");
  const joined = said.reduce((list, [text, changed]) => {
    if (list.length && list.at(-1)[1] === changed) list.at(-1)[0] += text;
    else list.push([text, changed]);
    return list;
  }, []);
  for (const [text, changed] of joined) {
    if (!changed) { code.append(text); continue; }
    const mark = document.createElement(sign === "new" ? "ins" : "del");
    mark.textContent = text;
    code.append(mark);
  }
  place.append(code);
};

const count = (row, text) => {
  const place = row.insertCell();
  place.className = "ln";
  place.textContent = text;
};

/** Rows of a comparison: `{kind: "same" | "gone" | "new" | "gap", x, y, …}`; `x` and `y` are numbers of lines, from 1. */
export const rowsBetween = (before, after, context = 3) => {
  const [a, b] = [before.split("\n"), after.split("\n")];
  const list = changes(a, b);
  const rows = [];
  let [x, y] = [0, 0];
  const same = (to, isFirst, isLast) => {
    const length = to - x;
    const head = isFirst ? 0 : context;
    const tail = isLast ? 0 : context;
    for (let k = 0; k < length; k += 1, x += 1, y += 1) {
      if (length > head + tail + 1 && k >= head && k < length - tail) {
        const skip = length - head - tail;
        rows.push({ kind: "gap", count: skip });
        x += skip - 1; y += skip - 1; k += skip - 1;
      } else {
        rows.push({ kind: "same", x: x + 1, y: y + 1, said: [[a[x], false]] });
      }
    }
  };
  list.forEach(([i, j, s, t], k) => {
    same(i, k === 0, false);
    const pairs = Math.min(j - i, t - s);
    const marked = Array.from({ length: pairs }, (_, p) => wordsBetween(a[i + p], b[s + p]));
    for (let p = i; p < j; p += 1) rows.push({ kind: "gone", x: p + 1, said: p - i < pairs ? marked[p - i][0] : [[a[p], true]] });
    for (let p = s; p < t; p += 1) rows.push({ kind: "new", y: p + 1, said: p - s < pairs ? marked[p - s][1] : [[b[p], true]] });
    [x, y] = [j, t];
  });
  if (list.length) same(a.length, false, true);
  return rows;
};

/** A table of what differs, unified or side by side; says so where nothing does. `names` are the two texts in words. */
export const diffTable = (before, after, names, { aside = false } = {}) => {
  const holder = document.createElement("div");
  holder.className = "scroll";
  const rows = rowsBetween(before, after);
  if (!rows.length) {
    const said = document.createElement("p");
    said.textContent = `No difference between ${names[0]} and ${names[1]}.`;
    holder.append(said);
    return holder;
  }
  const table = document.createElement("table");
  table.className = `diff ${aside ? "aside" : "unified"}`;
  const gone = rows.filter((row) => row.kind === "gone").length;
  const come = rows.filter((row) => row.kind === "new").length;
  table.createCaption().textContent = `From ${names[0]} to ${names[1]}: ${gone} ${gone === 1 ? "line" : "lines"} removed, ${come} added`;
  holder.tabIndex = 0;
  holder.setAttribute("role", "region");
  holder.setAttribute("aria-label", table.caption.textContent);
  const heads = table.createTHead().insertRow();
  for (const title of aside ? ["Line", names[0], "Line", names[1]] : ["Before", "After", "Text"]) {
    const head = document.createElement("th");
    head.scope = "col";
    head.textContent = title.charAt(0).toUpperCase() + title.slice(1);
    heads.append(head);
  }
  const body = table.createTBody();
  const line = (row) => body.insertRow();
  for (let k = 0; k < rows.length; k += 1) {
    const row = rows[k];
    if (row.kind === "gap") {
      const place = line().insertCell();
      place.colSpan = aside ? 4 : 3;
      place.className = "gap";
      place.textContent = `${row.count} unchanged ${row.count === 1 ? "line" : "lines"}`;
    } else if (!aside) {
      const place = line();
      place.className = row.kind;
      count(place, row.x ?? "");
      count(place, row.y ?? "");
      cell(place, "said", row.said, row.kind === "same" ? "" : row.kind);
    } else if (row.kind === "same") {
      const place = line();
      count(place, row.x);
      cell(place, "said", row.said, "");
      count(place, row.y);
      cell(place, "said", row.said, "");
    } else {
      // A stretch of changes: removed lines to the left, added ones beside them.
      let end = k;
      while (end < rows.length && (rows[end].kind === "gone" || rows[end].kind === "new")) end += 1;
      const left = rows.slice(k, end).filter((each) => each.kind === "gone");
      const right = rows.slice(k, end).filter((each) => each.kind === "new");
      for (let p = 0; p < Math.max(left.length, right.length); p += 1) {
        const place = line();
        for (const [each, kind] of [[left[p], "gone"], [right[p], "new"]]) {
          count(place, each ? each.x ?? each.y : "");
          if (each) cell(place, `said ${kind}`, each.said, kind);
          else place.insertCell().className = "said none";
        }
      }
      k = end - 1;
    }
  }
  holder.append(table);
  return holder;
};
