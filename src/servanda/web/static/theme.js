// Before anything is painted: the paper the reader chose, or the one the system prefers.
(() => {
  let kept = null;
  try { kept = localStorage.getItem("servanda-theme"); } catch { /* a browser may refuse to keep anything */ }
  const dark = kept ? kept === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.documentElement.classList.add("js");
})();
