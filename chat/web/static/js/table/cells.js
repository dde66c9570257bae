// A table's cells: their words, and how they may be broken into lines.

import { dateOf } from "./dates.js";
import { isFigure } from "./figures.js";

/** Scripts that are written without spaces: a line may end after any letter. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
/** What stands beside a cell's own words. */
const ADDED = ".link-host, .note-ref, .visually-hidden";

/** The words of a cell: lines apart, a formula as its source. */
export function cellText(cell) {
  if (cell.childElementCount === 0) return cell.textContent.trim();
  return wordsOf(cell).trim();
}

function wordsOf(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeName === "BR") return "\n";
  if (node.nodeType !== Node.ELEMENT_NODE || node.matches(ADDED)) return "";
  return node.dataset.source ?? [...node.childNodes].map(wordsOf).join("");
}

/**
 * How wide a cell with these words has to be: "whole" in one line, a column of "words", of a "phrase" or of "prose",
 * or "endless" with a word that no line holds; null where its longest word is enough.
 */
export function widthOf(text) {
  const length = Math.max(...text.split("\n").map((line) => line.length));
  if (Math.max(...text.split(/\s/).map((word) => word.length)) > 120 && !UNSPACED.test(text)) return "endless";
  if (isFigure(text) || dateOf(text)) return "whole";
  if (UNSPACED.test(text)) return unspacedWidth(length);
  if (!/\s/.test(text) && length <= 60) return "whole";
  if (length > 100) return "prose";
  if (length > 36) return "phrase";
  return length > 12 ? "words" : null;
}

/** How many letters wide a column with this cell is at the least, about. */
export function leastWidth(text) {
  const longest = (pieces) => Math.max(...pieces.map((piece) => piece.length));
  const width = widthOf(text);
  if (width === "prose" || width === "endless") return Number.POSITIVE_INFINITY;
  if (width === "whole") return longest(text.split("\n"));
  return UNSPACED.test(text) ? 0 : longest(text.split(/\s/));
}

function unspacedWidth(length) {
  if (length <= 8) return "whole";
  if (length <= 18) return "words";
  return length <= 50 ? "phrase" : "prose";
}
