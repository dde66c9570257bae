// Mathematics in Markdown, as models write it: $…$ and \(…\) in a line, $$…$$ and \[…\] on lines of their own.
// Here is only which characters are a formula; math.js draws it. Money is no mathematics: "$5 and $10" stays text.

const LONGEST = 4000;
const CLOSING = { "\\(": "\\)", "\\[": "\\]", $$: "$$" };

/** The formula that begins at `at`: `{tex, display, end}`, or null. `end` is Infinity where it has no end yet. */
export function formulaAt(text, at) {
  const two = text.slice(at, at + 2);
  if (CLOSING[two]) return between(text, at, two);
  return text[at] === "$" ? betweenDollars(text, at) : null;
}

function between(text, at, opening) {
  const closing = CLOSING[opening];
  const close = text.indexOf(closing, at + 2);
  const tex = close < 0 ? text.slice(at + 2) : text.slice(at + 2, close);
  if (tex.length > LONGEST || (close >= 0 && !tex.trim())) return null;
  return { tex, display: opening !== "\\(", end: close < 0 ? Number.POSITIVE_INFINITY : close + 2 };
}

/** As pandoc has it: something right after the first sign and right before the last, and no digit after that. */
function betweenDollars(text, at) {
  if (/[\p{L}\p{N}$\\]/u.test(text[at - 1] ?? " ") || !/^\$[^\s$]/.test(text.slice(at, at + 2))) return null;
  for (let close = at + 1; close < text.length && close - at < LONGEST; close += 1) {
    if (text[close] === "\\") close += 1;
    else if (text[close] === "\n" && text[close - 1] === "\n") return null;
    else if (text[close] === "$") return closedAt(text, at, close);
  }
  const tex = text.slice(at + 1);
  return mayBecome(tex) ? { tex, display: false, end: Number.POSITIVE_INFINITY } : null;
}

function closedAt(text, at, close) {
  const tex = text.slice(at + 1, close);
  if (/\s$/.test(tex) || /^\d/.test(text.slice(close + 1)) || isMoney(tex)) return null;
  return { tex, display: false, end: close + 1 };
}

/** A sum at the beginning, and nothing after it that only a formula has. */
function isMoney(tex) {
  return /^[\d.,]+\D/.test(tex) && !/[\\^_={}<>+*]/.test(tex) && /[\s–-]|[a-z]{2}/i.test(tex);
}

/** Whether what has come of it so far looks like a formula: no sum, and no words outside of commands and braces. */
function mayBecome(tex) {
  if (/^\d/.test(tex) && !/[\\^_={}]/.test(tex)) return false;
  const bare = tex.replace(/\\[a-zA-Z]+|\{[^{}]*\}?/g, "");
  return tex.length <= 300 && !/\n\n|[\p{L}]{4,}|\p{L}{2,}\s+\p{L}{2,}/u.test(bare);
}

function inlineToken(source) {
  const found = formulaAt(source, 0);
  if (!found || !Number.isFinite(found.end)) return undefined;
  return { type: "math", raw: source.slice(0, found.end), tex: found.tex.trim(), display: found.display };
}

function blockToken(source) {
  const opening = /^ {0,3}(\$\$|\\\[)/.exec(source);
  if (!opening) return undefined;
  const start = opening[0].length - 2;
  const found = formulaAt(source, start);
  if (!found || !Number.isFinite(found.end)) return undefined;
  const rest = /^[ \t]*(?:\n|$)/.exec(source.slice(found.end));
  if (!rest) return undefined;
  return { type: "mathBlock", raw: source.slice(0, found.end) + rest[0], tex: found.tex.trim() };
}

/** For Marked. `escapeHtml` makes text safe inside an element. */
export const mathExtensions = (escapeHtml) => [
  {
    name: "mathBlock",
    level: "block",
    start: (source) => /\n {0,3}(?:\$\$|\\\[)/.exec(source)?.index,
    tokenizer: blockToken,
    renderer: ({ tex }) => `<code class="math-display">${escapeHtml(tex)}</code>\n`,
  },
  {
    name: "math",
    level: "inline",
    start: (source) => /(?<![\p{L}\p{N}$\\])\$|\\[([]/u.exec(source)?.index,
    // Marked hands over what follows, without the character before; a sign that ends a word is found by `start`.
    tokenizer: inlineToken,
    renderer: ({ tex, display }) => `<code class="math-${display ? "display" : "inline"}">${escapeHtml(tex)}</code>`,
  },
];

/** TeX that is still being written, made whole enough to be drawn: half a command goes, open braces are closed. */
export function wholeTex(tex) {
  let text = tex
    .replace(/\\(?:begin|end)\{[^}]*$/, "")
    .replace(/\\[a-zA-Z]*$/, "")
    .replace(/[\s^_&]+$/, "");
  const open = [];
  for (const [found, name] of text.matchAll(/\\\\|\\[{}]|\\(?:left|right)\b|\\begin\{([^}]*)\}|\\end\{[^}]*\}|[{}]/g)) {
    if (found === "{") open.push("}");
    else if (found === "\\left") open.push("\\right.");
    else if (name !== undefined) open.push(`\\end{${name}}`);
    else if (found === "}" || found === "\\right" || found.startsWith("\\end")) open.pop();
  }
  // A delimiter's name is still missing after \left.
  text = text.replace(/\\left$/, "");
  return text + open.reverse().join("");
}
