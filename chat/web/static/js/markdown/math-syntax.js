// Mathematics in Markdown as models write it: $…$ and \(…\) in a line; $$…$$, \[…\] and \begin{align}…\end{align} in
// blocks. This module finds formulas; math.js draws them. Money ("$5 and $10", "R$ 5"), shell variables
// ("$HOME/$USER"), regular expressions ("\(\d+\)") and citations ("\[1\]") are none.

import { UNSPACED_SCRIPTS } from "./addresses.js";

const UNSPACED = new RegExp(`[${UNSPACED_SCRIPTS}]`, "u");
const LONGEST = 4000;
const CLOSING = { "\\(": "\\)", "\\[": "\\]", $$: "$$" };
/** Environments that are formulas without delimiters. */
const ENVIRONMENT =
  /\\begin\{((?:equation|align|gather|alignat|flalign|multline|eqnarray|[pbBvV]?matrix)\*?|displaymath|alignedat|aligned|gathered|split|[dr]{0,2}cases|d?array|smallmatrix|subarray|CD)\}/y;
const BOUNDARY = /\\(begin|end)\{(equation|align|gather|alignat|flalign|multline|eqnarray|displaymath)\*?\}/g;
/** Environments that KaTeX does not have, and the nearest ones that it has. */
const NEAREST = { flalign: "align", multline: "gather", displaymath: "equation" };
/** Characters that only a formula has. */
const TEX = /[\\^_={}<>+*]/;

/** Return the formula that begins at `at`, `{tex, display, end}`, or null. `end` is Infinity if it has no end yet. */
export function formulaAt(text, at) {
  if (text[at] === "$") return text[at + 1] === "$" ? betweenSigns(text, at, "$$") : betweenDollars(text, at);
  if (text[at] !== "\\") return null;
  const two = text.slice(at, at + 2);
  return CLOSING[two] ? betweenSigns(text, at, two) : environmentAt(text, at);
}

function betweenSigns(text, at, opening) {
  const closing = CLOSING[opening];
  const close = text.indexOf(closing, at + 2);
  const tex = close < 0 ? text.slice(at + 2) : text.slice(at + 2, close);
  if (tex.length > LONGEST || (close >= 0 && !tex.trim())) return null;
  if (opening === "$$" ? isPrice(text, at, close, tex) : isEscape(text, at, close, tex)) return null;
  return { tex, display: opening !== "\\(", end: close < 0 ? Number.POSITIVE_INFINITY : close + 2 };
}

/** Return whether this is "$$ or $$$" as in restaurant guides, or two shell process ids. */
function isPrice(text, at, close, tex) {
  if (text[at - 1] === "$" || text[at + 2] === "$" || (close >= 0 && text[close + 2] === "$")) return true;
  return close >= 0 && isProse(tex);
}

/** Return whether the brackets are escaped Markdown or a regular expression: a citation, a pattern. */
function isEscape(text, at, close, tex) {
  if (close >= 0 && text[at + 1] === "[" && isNote(tex, text.slice(close + 2, close + 4))) return true;
  if (/[\\/|^?*[\]A-Za-z]/.test(text[at - 1] ?? " ") || text.slice(Math.max(0, at - 2), at) === "\\)") return true;
  if (/\\[dDwWsSB](?![a-zA-Z])|\w\\\|\w|\[\^|^\?|^\s*(?!\p{Lu}+\s*$)\p{L}{4,}\s*$/u.test(tex)) return true;
  return close >= 0 && (/[*?{/|\\+]/.test(text[close + 2] ?? " ") || isProse(tex));
}

/** Return whether this is a citation, a box or a remark: "1, 2", "^a", "x", "Fig. 3", "sic", "…", "12:30". */
function isNote(tex, after) {
  if (/^\s*(?:[\d\s,;:.–…-]*|\^\w{1,3})\s*$/.test(tex) || (/^[ xX]$/.test(tex) && /^\s\p{L}/u.test(after))) return true;
  return !TEX.test(tex) && (/\p{L}{3}/u.test(tex) || UNSPACED.test(tex) || /^[:(]/.test(after));
}

/** Return whether this is a sequence of words without TeX. */
function isProse(tex) {
  return !TEX.test(tex) && /\p{L}{2,}[\s,.;]+\p{L}{2,}/u.test(tex);
}

/** As in pandoc: no space after the first sign and before the last, and no digit after that. */
function betweenDollars(text, at) {
  if (isInWord(text, at) || isCurrency(text, at) || !/^\$[^\s$]/.test(text.slice(at, at + 2))) return null;
  for (let close = at + 1; close < text.length && close - at < LONGEST; close += 1) {
    if (text[close] === "\\") close += 1;
    else if (text[close] === "`" || (text[close] === "\n" && text[close - 1] === "\n")) return null;
    else if (text[close] === "$") return closedAt(text, at, close);
  }
  const tex = text.slice(at + 1);
  return mayBecome(tex) ? { tex, display: false, end: Number.POSITIVE_INFINITY } : null;
}

/** Return whether a letter or digit comes before. Next to Chinese letters it may be a formula: 其中$x$表示. */
function isInWord(text, at) {
  return /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{N}$\\]$/u.test(text.slice(Math.max(0, at - 2), at));
}

/** Return whether this is "R$ 5" or "US$5". */
function isCurrency(text, at) {
  return (
    /(?:^|[^\p{L}\\])\p{Lu}\p{L}{0,2}$/u.test(text.slice(Math.max(0, at - 4), at)) &&
    /^ ?\d/.test(text.slice(at + 1, at + 3))
  );
}

function closedAt(text, at, close) {
  const tex = text.slice(at + 1, close);
  const after = text.slice(close + 1, close + 2);
  if (/^\/|[\s/]$/.test(tex) || /[\d{]/.test(after) || isCurrency(text, close) || isMoney(tex) || isProse(tex))
    return null;
  if (/[A-Za-z_]/.test(after) && !/^(?:[A-Za-z]|.*[A-Za-z0-9})\]'])$/s.test(tex)) return null;
  if (/[A-Za-z_]/.test(after) && /[A-Za-z]{3}/.test(tex.replace(/\\[a-zA-Z]+/g, ""))) return null;
  const isDerivative = /^[A-Za-z]'{1,3}$/.test(tex) && text[at - 1] !== "'";
  if (!isDerivative && (isVariables(tex) || isCommand(tex, after))) return null;
  return { tex, display: false, end: close + 1 };
}

/** Return whether this is text between two shell commands or in a program: `$(pwd)_$(ls)`, `$1}' | grep '$'`. */
function isCommand(tex, after) {
  const braces = tex.replace(/\\[{}]/g, "");
  return (tex.startsWith("(") && after === "(") || braces.split("{").length < braces.split("}").length;
}

/** Return whether this is text between two shell variables: `$HOME/$`, `$PATH:$`. */
function isVariables(tex) {
  return /^[A-Za-z_]\w*["'}]?[/:;|&"'.@%-]+["'{]?$/.test(tex);
}

/** Return whether this begins with an amount of money and has no TeX after it. */
function isMoney(tex) {
  return /^[\d.,]+\D/.test(tex) && !TEX.test(tex) && /[\s–-]|[a-z]{2}/i.test(tex);
}

/** Return whether an unfinished formula looks like one: no amount, and no words outside of commands and braces. */
function mayBecome(tex) {
  if (/^\d/.test(tex) && !/[\\^_={}]/.test(tex)) return false;
  if (/^[A-Z_]{2,}\b/.test(tex)) return false;
  const bare = tex.replace(/\\[a-zA-Z]+|\{[^{}]*\}?/g, "");
  return tex.length <= 300 && !/\n\n|[\p{L}]{4,}|\p{L}{2,}\s+\p{L}{2,}/u.test(bare);
}

/** Find `\begin{align}…\end{align}` and its like, with nested environments of the same kind. */
function environmentAt(text, at) {
  ENVIRONMENT.lastIndex = at;
  const opening = ENVIRONMENT.exec(text);
  if (!opening) return null;
  const signs = { open: opening[0], close: `\\end{${opening[1]}}` };
  let depth = 0;
  for (let from = at; from - at < LONGEST; ) {
    const close = text.indexOf(signs.close, from);
    if (close < 0) break;
    depth += text.slice(from, close).split(signs.open).length - 2;
    from = close + signs.close.length;
    if (depth < 0) return null;
    if (depth === 0) return { tex: text.slice(at, from), display: true, end: from };
  }
  if (text.length - at > LONGEST) return null;
  return { tex: text.slice(at), display: true, end: Number.POSITIVE_INFINITY };
}

/** Return a formula's source without delimiters, and without TeX's equation numbers. */
export function texOf(source) {
  const written = source.trim().replace(BOUNDARY, (_, end, name) => {
    if (name === "eqnarray") return `\\${end}{array}${end === "begin" ? "{rcl}" : ""}`;
    return `\\${end}{${NEAREST[name] ?? name}*}`;
  });
  if (written.startsWith("$$") || /^\\[([]/.test(written)) return written.slice(2, -2).trim();
  return written.startsWith("$") ? written.slice(1, -1).trim() : written;
}

/** Complete unfinished TeX for drawing: remove half a command and close open braces. */
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
  // The delimiter after \left is still missing.
  text = text.replace(/\\left$/, "");
  return text + open.reverse().join("");
}
