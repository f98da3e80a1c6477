// What every page has: the theme toggle, the version picker, and, on pages of a case, the controls of the scenario.
import { mountControls } from "./controls.js";

const root = document.documentElement;
const button = document.getElementById("theme");

const paint = (dark) => {
  root.dataset.theme = dark ? "dark" : "light";
  button.textContent = dark ? "Light" : "Dark";
  button.setAttribute("aria-pressed", String(dark));
  button.setAttribute("aria-label", dark ? "Switch to light paper" : "Switch to dark paper");
};
const kept = () => { try { return localStorage.getItem("servanda-theme"); } catch { return null; } };

paint(root.dataset.theme === "dark");
button.addEventListener("click", () => {
  const dark = root.dataset.theme !== "dark";
  try { localStorage.setItem("servanda-theme", dark ? "dark" : "light"); } catch { /* it then lasts as long as the page */ }
  paint(dark);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => { if (!kept()) paint(event.matches); });

const version = document.getElementById("version");
if (version) {
  version.addEventListener("change", () => {
    const query = new URLSearchParams(location.search);
    query.set("version", version.value);
    location.search = query.toString();
  });
}

// On paper every fold is open that is not a table behind a picture.
const opened = [];
addEventListener("beforeprint", () => {
  for (const box of document.querySelectorAll("details:not(.behind)")) if (!box.open) { box.open = true; opened.push(box); }
});
addEventListener("afterprint", () => { for (const box of opened.splice(0)) box.open = false; });

if (document.getElementById("controls")) mountControls(document.getElementById("controls"));
