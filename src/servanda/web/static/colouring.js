// Colours of case texts: a small tokenizer, line by line, with what a line needs to know of those above it.

const KEY = /^((?:- +)*)("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#"'[\]{},&*!|>%@`-][^#:]*?|-[^\s#][^#:]*?)(\s*:)(?=\s|$)/;
const WORDS = new Set(["is", "in", "and", "or", "not", "if", "then", "else", "min", "max", "abs", "exp", "log", "sqrt", "to",
  "one", "of", "up", "down"]);
const TRUTHS = new Set(["yes", "no", "true", "false", "never", "none"]);
// Here anything may be written, and no word means more than another.
const FREE = new Set(["title", "note", "notes", "text", "summary", "description", "mechanism", "unit", "outside", "url"]);
const PIECE = /(\s+#.*$)|(?<=[{,]\s*)([A-Za-z_][^{}[\],:#"']*?)(\s*:)(?=\s|$)|("(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?)|(\d{4}-\d{2}-\d{2}(?!\w))|((?<![\w.])[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))|([A-Za-z_][\w.-]*)(\s*:(?=\s|$))?|([{}[\],:()<>=*/+|-])/g;
const LONGEST = 1000;

/** What each line begins inside of: the column of the key of a block text, or -1. */
export const states = (lines) => {
  const found = new Int16Array(lines.length).fill(-1);
  let block = -1;
  for (let k = 0; k < lines.length; k += 1) {
    const line = lines[k];
    const column = line.search(/\S/);
    if (block >= 0 && (column < 0 || column > block)) { found[k] = block; continue; }
    block = -1;
    if (/:\s+[|>][+-]?\d?[+-]?\s*(?:#.*)?$/.test(line.slice(0, LONGEST))) block = Math.min(column, 32000);
  }
  return found;
};

/** The pieces of a line as [class, text]; class "" is plain. */
export const pieces = (line, state) => {
  if (line.length > LONGEST) return [["", line]];
  if (state >= 0) return [["block", line]];
  const found = [];
  const indent = line.match(/^\s*/)[0];
  if (indent) found.push(["", indent]);
  let rest = line.slice(indent.length);
  if (rest.startsWith("#")) return [...found, ["comment", rest]];
  const key = KEY.exec(rest);
  if (key) {
    if (key[1]) found.push(["mark", key[1]]);
    found.push(["key", key[2]], ["mark", key[3]]);
    rest = rest.slice(key[0].length);
    if (FREE.has(key[2]) && !/^\s*[|>"']/.test(rest)) {
      const comment = rest.search(/\s#/);
      return [...found, ["", comment < 0 ? rest : rest.slice(0, comment)], ...(comment < 0 ? [] : [["comment", rest.slice(comment)]])];
    }
  }
  let at = 0;
  for (const match of rest.matchAll(PIECE)) {
    if (match.index > at) found.push(["", rest.slice(at, match.index)]);
    at = match.index + match[0].length;
    if (match[1]) found.push(["comment", match[1]]);
    else if (match[2]) found.push(["key", match[2]], ["mark", match[3]]);
    else if (match[4]) found.push(["text", match[4]]);
    else if (match[5] || match[6]) found.push(["number", match[0]]);
    else if (match[7] && match[8]) found.push(["key", match[7]], ["mark", match[8]]);
    else if (match[7]) found.push([WORDS.has(match[7]) ? "word" : TRUTHS.has(match[7]) ? "truth" : "", match[7]]);
    else found.push(["mark", match[9]]);
  }
  if (at < rest.length) found.push(["", rest.slice(at)]);
  return found;
};
