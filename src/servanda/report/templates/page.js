(() => {
  "use strict";
  const root = document.documentElement;
  const memory = {
    get() { try { return localStorage.getItem("servanda-theme"); } catch { return null; } },
    set(value) { try { localStorage.setItem("servanda-theme", value); } catch { /* a local file may keep nothing */ } },
  };
  root.classList.add("js");

  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const paint = (dark) => {
    root.dataset.theme = dark ? "dark" : "light";
    button.textContent = dark ? "Light" : "Dark";
    button.setAttribute("aria-pressed", String(dark));
    button.setAttribute("aria-label", dark ? "Switch to light paper" : "Switch to dark paper");
  };
  const kept = memory.get();
  paint(kept ? kept === "dark" : system.matches);
  system.addEventListener("change", (event) => { if (!memory.get()) paint(event.matches); });
  button.addEventListener("click", () => {
    const dark = root.dataset.theme !== "dark";
    memory.set(dark ? "dark" : "light");
    paint(dark);
  });
  document.getElementById("print").addEventListener("click", () => print());

  const data = JSON.parse(document.getElementById("charts").textContent);
  const refuse = () => Promise.reject(new Error("charts load nothing"));
  const options = {
    mode: "vega-lite", renderer: "svg", actions: false, ast: true, config: data.config,
    loader: { load: refuse, sanitize: refuse, http: refuse, file: refuse },
  };
  const draw = async (place) => {
    const name = place.dataset.figure;
    try {
      const holder = document.createElement("div");
      place.append(holder);
      await window.servandaEmbed(holder, data.charts[name], options);
      place.classList.add("drawn");
    } catch (error) {
      const note = document.createElement("p");
      note.textContent = "This chart could not be drawn here; its table is below. (" + error.message + ")";
      place.replaceChildren(note);
    }
  };
  (async () => {
    for (const place of document.querySelectorAll("[data-figure]")) await draw(place);
    root.classList.add("all-drawn");
  })();

  for (const save of document.querySelectorAll("[data-save]")) {
    save.addEventListener("click", () => {
      const drawing = [...document.querySelectorAll("[data-figure]")]
        .find((place) => place.dataset.figure === save.dataset.save).querySelector("svg");
      if (!drawing) return;
      const text = new XMLSerializer().serializeToString(drawing);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
      link.download = save.dataset.save.replace(/[^a-z0-9]+/gi, "-") + ".svg";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  const board = document.getElementById("switchboard");
  if (board) {
    const texts = latticeTexts(data.lattice);
    const boxes = [...board.querySelectorAll("[data-bit]")];
    const cells = [...board.querySelectorAll("[data-column]")];
    const answer = document.getElementById("switched");
    const gauge = document.getElementById("gauge");
    if (gauge) document.getElementById("mark").style.left = `${100 * data.lattice.threshold}%`;
    const show = () => {
      const mask = boxes.reduce((sum, box) => sum | (box.checked ? 1 << box.dataset.bit : 0), 0);
      answer.textContent = texts.sentence(mask, boxes.length);
      for (const cell of cells) cell.firstChild.textContent = texts.level(Number(cell.dataset.column), mask);
      for (const cell of board.querySelectorAll("[data-odds]")) cell.firstChild.textContent = texts.odds(mask);
      if (gauge) gauge.style.width = `${100 * data.lattice.columns[0].values[mask]}%`;
    };
    for (const box of boxes) box.addEventListener("change", show);
    for (const button of document.querySelectorAll("[data-mask]")) {
      button.addEventListener("click", () => {
        for (const box of boxes) box.checked = Boolean(Number(button.dataset.mask) >> box.dataset.bit & 1);
        show();
        if (!board.contains(button)) board.scrollIntoView({ block: "start" });
      });
    }
    show();
  }

  const find = document.getElementById("find");
  if (find) {
    const grade = document.getElementById("grade");
    const found = document.getElementById("found");
    const rows = [...document.querySelectorAll("table.assumptions tbody tr")];
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const filter = () => {
      const wanted = find.value.trim().toLowerCase().split(/\s+/);
      let count = 0;
      rows.forEach((row, k) => {
        const show = wanted.every((word) => texts[k].includes(word)) && (!grade.value || row.dataset.grade === grade.value);
        row.hidden = !show;
        count += show;
      });
      const filtering = Boolean(find.value.trim() || grade.value);
      found.textContent = filtering ? `${count} of ${rows.length}` : "";
      if (filtering) {
        for (const chapter of document.querySelectorAll("details.chapter")) {
          if (chapter.querySelector("tbody tr:not([hidden])")) chapter.open = true;
        }
      }
    };
    find.addEventListener("input", filter);
    grade.addEventListener("change", filter);
  }

  // On paper every account of a draft and every margin is open; tables behind figures stay closed.
  const opened = [];
  addEventListener("beforeprint", () => {
    for (const box of document.querySelectorAll("details:not(.behind details)")) {
      if (!box.open) { box.open = true; opened.push(box); }
    }
  });
  addEventListener("afterprint", () => { for (const box of opened.splice(0)) box.open = false; });

  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const box = target && target.closest("details");
    if (box) { box.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", reveal);
  reveal();
})();
