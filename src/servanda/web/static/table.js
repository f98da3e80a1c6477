// Tables that a screen reader can walk and a reader can sort.

const keyOf = (cell) => {
  if (cell && typeof cell === "object" && !(cell instanceof Node)) return cell.sort !== undefined ? cell.sort : String(cell.text);
  if (cell instanceof Node) return cell.textContent;
  return cell === null || cell === undefined ? "" : cell;
};

const fill = (place, cell) => {
  const told = cell && typeof cell === "object" && !(cell instanceof Node) ? (cell.node ?? cell.text) : cell;
  if (told instanceof Node) place.append(told);
  else place.textContent = told === null || told === undefined ? "–" : String(told);
  if (cell && cell.class) place.classList.add(...cell.class.split(" "));
};

const order = (a, b) => {
  const [x, y] = [keyOf(a), keyOf(b)];
  const [p, q] = [Number(x), Number(y)];
  if (x !== "" && y !== "" && Number.isFinite(p) && Number.isFinite(q)) return p - q;
  return String(x).localeCompare(String(y), "en", { numeric: true });
};

/**
 * A table element. `columns`: texts or `{title, numeric, sort}`; `rows`: lists of cells, a cell being a text, a number, a node or
 * `{text | node, sort, class}`; the first cell of a row is its head. A row may be `{cells, class, onClick, current}`.
 */
export const table = (columns, rows, caption, { sortable = true } = {}) => {
  const holder = document.createElement("div");
  holder.className = "scroll";
  const element = document.createElement("table");
  element.className = "table";
  holder.append(element);
  if (caption) {
    const line = element.createCaption();
    line.textContent = caption;
    holder.tabIndex = 0;
    holder.setAttribute("role", "region");
    holder.setAttribute("aria-label", caption);
  }
  const heads = element.createTHead().insertRow();
  const body = element.createTBody();
  const plain = columns.map((column) => (typeof column === "string" ? { title: column } : column));
  const records = rows.map((row) => (Array.isArray(row) ? { cells: row } : row));
  let sorted = { column: -1, down: false };

  const draw = (list) => {
    body.replaceChildren();
    for (const record of list) {
      const line = body.insertRow();
      if (record.class) line.className = record.class;
      if (record.current) line.setAttribute("aria-current", "true");
      record.cells.forEach((cell, k) => {
        const place = document.createElement(k === 0 ? "th" : "td");
        if (k === 0) place.scope = "row";
        if (plain[k] && plain[k].numeric) place.classList.add("n");
        fill(place, cell);
        line.append(place);
      });
      if (record.onClick) {
        line.tabIndex = 0;
        line.classList.add("choosable");
        line.addEventListener("click", record.onClick);
        line.addEventListener("keydown", (event) => {
          if (event.key === "Enter" && event.target === line) { event.preventDefault(); record.onClick(event); }
        });
      }
    }
  };

  plain.forEach((column, k) => {
    const head = document.createElement("th");
    head.scope = "col";
    if (column.numeric) head.classList.add("n");
    if (sortable && column.sort !== false && records.length > 1) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.textContent = column.title;
      button.addEventListener("click", () => {
        sorted = { column: k, down: sorted.column === k ? !sorted.down : Boolean(column.numeric) };
        for (const other of heads.cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
        const list = records.toSorted((a, b) => order(a.cells[k], b.cells[k]));
        draw(sorted.down ? list.reverse() : list);
      });
      head.append(button);
    } else {
      head.textContent = column.title;
    }
    heads.append(head);
  });
  draw(records);
  return holder;
};
