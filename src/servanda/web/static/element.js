// Elements made in one expression.

/** An element with properties and children. */
export const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

/** An element with a text and a class. */
export const worded = (tag, text = "", className = "") => {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
};

/** A button that does something. */
export const press = (text, act, className = "button") => {
  const made = worded("button", text, className);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
};
