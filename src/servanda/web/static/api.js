// The one way pages speak to the server: JSON in, JSON out, errors as ApiError with what to do about them.

export class ApiError extends Error {
  constructor(status, { code = "unreachable", message = "", hint = "", issues = [] } = {}, retryAfter = 0) {
    super(message || `the server answered ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.issues = issues;
    this.retryAfter = retryAfter;
  }
}

const answerOf = async (response) => {
  const text = await response.text();
  let data = null;
  try { data = text ? JSON.parse(text) : null; } catch { /* not JSON: told below */ }
  if (response.ok) return data;
  const told = data && data.error ? data.error : { code: "unexpected", message: `The server answered ${response.status}.` };
  throw new ApiError(response.status, told, Number(response.headers.get("Retry-After")) || 0);
};

const ask = async (path, options) => {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, {
      code: "unreachable",
      message: "The workbench does not answer.",
      hint: "see whether `servanda serve` still runs, then try again",
    });
  }
  return answerOf(response);
};

/** The answer to GET `path`. */
export const get = (path, { signal } = {}) => ask(path, { headers: { Accept: "application/json" }, signal });

/** The answer to `method` on `path` with a JSON body. */
export const send = (method, path, body, { signal } = {}) =>
  ask(path, {
    method,
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-Servanda": "1" },
    body: JSON.stringify(body ?? {}),
    signal,
  });

const place = () => document.getElementById("alert");

/** Say an error in the alert region: what is wrong, what to do, and where. */
export const showError = (error) => {
  const box = document.createElement("div");
  box.className = "alert";
  const head = document.createElement("p");
  head.className = "alert-head";
  head.textContent = error.message || String(error);
  box.append(head);
  if (error.hint) {
    const hint = document.createElement("p");
    hint.textContent = error.hint.charAt(0).toUpperCase() + error.hint.slice(1) + (/[.!?]$/.test(error.hint) ? "" : ".");
    box.append(hint);
  }
  // an issue that only repeats the headline says nothing
  const issues = (error.issues ?? []).filter((issue) => issue.line || issue.message !== error.message);
  if (issues.length) {
    const list = document.createElement("ul");
    for (const issue of issues.slice(0, 8)) {
      const item = document.createElement("li");
      item.textContent = `${issue.line ? `line ${issue.line}: ` : ""}${issue.message}${issue.hint ? ` (${issue.hint})` : ""}`;
      list.append(item);
    }
    box.append(list);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button quiet";
  close.textContent = "Close";
  close.addEventListener("click", clearError);
  box.append(close);
  place().replaceChildren(box);
  if (!(error instanceof ApiError)) console.error(error);
};

/** Take the last error away. */
export const clearError = () => place().replaceChildren();

/** Say something politely to those who listen rather than look. */
export const say = (text) => {
  const region = document.getElementById("says");
  if (region && region.textContent !== text) region.textContent = text;
};
