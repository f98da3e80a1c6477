// The first page: three ways to begin a case.
import { clearError, send, showError } from "./api.js";

const at = (id) => document.getElementById(id);
const taken = new Set(JSON.parse(at("taken").textContent));

/** A legal name near a text that no case has yet. */
const nameFor = (text) => {
  const plain = text.normalize("NFKD").replace(/[^\x00-\x7f]/g, "").toLowerCase();
  const base = plain.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 58).replace(/-+$/, "") || "dispute";
  let name = base;
  for (let k = 2; taken.has(name); k += 1) name = `${base}-${k}`;
  return name;
};

const create = async (body, button) => {
  clearError();
  button.disabled = true;
  try {
    const saved = await send("POST", "/api/cases", body);
    location.href = `/cases/${saved.name}/verdict`;
    return null;
  } catch (error) {
    if (error.code === "name-taken") { taken.add(body.name); error.hint = `choose another name, such as ${nameFor(body.name)}`; }
    showError(error);
    button.disabled = false;
    return error;
  }
};

const last = (name) => name.split("/").at(-1);
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => create({ name: nameFor(last(button.dataset.copy)), shipped: button.dataset.copy }, button));
}

// A name is proposed until somebody writes one.
const propose = (field, text) => { if (!field.dataset.own) field.value = nameFor(text); };
for (const id of ["shipped-name", "beginning-name", "text-name"]) {
  at(id).addEventListener("input", () => { at(id).dataset.own = at(id).value ? "yes" : ""; });
}

const shipped = at("shipped");
const proposeShipped = () => propose(at("shipped-name"), last(shipped.value));
shipped.addEventListener("change", proposeShipped);
proposeShipped();
at("from-shipped").addEventListener("submit", (event) => {
  event.preventDefault();
  create({ name: at("shipped-name").value, shipped: shipped.value }, event.submitter);
});

at("title").addEventListener("input", () => propose(at("beginning-name"), at("title").value));
at("from-beginning").addEventListener("submit", (event) => {
  event.preventDefault();
  const beginning = {};
  for (const key of ["title", "side_a", "side_b", "a_gives", "b_gives", "ratifier"]) {
    const text = at(key).value.trim();
    if (text) beginning[key] = text;
  }
  create({ name: at("beginning-name").value, beginning }, event.submitter);
});

const written = (text) => /^case:\s*["']?([A-Za-z0-9][\w-]*)/m.exec(text)?.[1] ?? "";
at("file").addEventListener("change", async () => {
  const [file] = at("file").files;
  if (!file) return;
  if (file.size > 1_000_000) { showError(new Error("This file is larger than one megabyte; a case is smaller.")); return; }
  at("text").value = await file.text();
  propose(at("text-name"), written(at("text").value) || file.name.replace(/\.[^.]*$/, ""));
});
at("text").addEventListener("input", () => {
  at("unfinished").hidden = true;
  if (written(at("text").value)) propose(at("text-name"), written(at("text").value));
});
const save = async (button, unfinished) => {
  const error = await create({ name: at("text-name").value, text: at("text").value, unfinished }, button);
  at("unfinished").hidden = !(error && error.code === "case-error");
};
at("from-text").addEventListener("submit", (event) => { event.preventDefault(); save(event.submitter, false); });
at("unfinished").addEventListener("click", () => save(at("unfinished"), true));
