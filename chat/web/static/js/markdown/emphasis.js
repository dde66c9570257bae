// Which runs of "*", "_" and "~" begin and end emphasis. As in CommonMark, with two differences: next to a script
// without spaces, punctuation is no word boundary ("**强调。**后" is bold); and between numbers a sign is arithmetic
// ("3*4*5", "x**2", "(a)*(b)", "20~~25").

import { UNSPACED_SCRIPTS } from "./addresses.js";

/** Letters without spaces between words, and the wide signs used with them. */
const UNSPACED = new RegExp(
  `[${UNSPACED_SCRIPTS}\\u3001-\\u303f\\u30fb\\u30fc\\ufe10-\\ufe1f\\ufe30-\\ufe4f\\uff01-\\uffee]`,
  "u",
);
const PUNCTUATION = /[\p{P}\p{S}]/u;
const SPACE = /\s/;
const FIGURE = /\p{N}/u;
const WORD = /[\p{N}A-Za-z]/u;

/** Return whether only signs that close emphasis come after this place. */
export const isAtEnd = (text, at) => /^(?:[*_~]|<\/su[bp]>)*$/.test(text.slice(at));

/**
 * Return `{can_open, can_close, length}` of the run at `start` for the parser. `splitsWords`: it may be inside a word.
 */
export function scanRun(source, start, end, splitsWords) {
  const sign = source[start];
  let next = start;
  while (next < end && source[next] === sign) next += 1;
  const length = next - start;
  const before = start === 0 ? " " : characterBefore(source, start);
  const after = next < end ? String.fromCodePoint(source.codePointAt(next)) : " ";
  if (isArithmetic(sign, length, before, after) || (sign === "~" && length !== 2)) {
    return { can_open: false, can_close: false, length };
  }
  const edges = { before: edgeOf(before), after: edgeOf(after) };
  const left = isOpen(edges.after, edges.before);
  const right = isOpen(edges.before, edges.after);
  return {
    can_open: left && (splitsWords || !right || edges.before === "stop" || PUNCTUATION.test(before)),
    can_close: right && (splitsWords || !left || edges.after === "stop" || PUNCTUATION.test(after)),
    length,
  };
}

function characterBefore(source, at) {
  const low = source.charCodeAt(at - 1);
  return low >= 0xdc00 && low <= 0xdfff && at > 1 ? source.slice(at - 2, at) : source[at - 1];
}

function edgeOf(character) {
  if (SPACE.test(character)) return "space";
  if (UNSPACED.test(character)) return "unspaced";
  return PUNCTUATION.test(character) ? "stop" : "letter";
}

/** Return whether a run may attach to the text on its `inner` side. */
function isOpen(inner, outer) {
  return inner !== "space" && (inner !== "stop" || outer !== "letter");
}

function isArithmetic(sign, length, before, after) {
  if (sign === "_" || length > 2) return false;
  const brackets = before === ")" && after === "(";
  if (sign === "~") return brackets || (FIGURE.test(before) && FIGURE.test(after));
  if (!WORD.test(before) || !WORD.test(after)) return length === 1 && brackets;
  // "x**2" is a power, "3*x" a product.
  return length === 2 ? FIGURE.test(after) : FIGURE.test(before) || FIGURE.test(after);
}
