// Table cells: their text and how it may wrap.

import { dateOf } from "./dates.js";
import { isFigure } from "./figures.js";

/** Scripts without spaces: a line may break after any letter. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
/** Elements in a cell that are not its own text. */
const ADDED = ".link-host, .note-ref, .visually-hidden";

/** Return a cell's text with line breaks; a formula as its source. */
export function cellText(cell) {
  if (cell.childElementCount === 0) return cell.textContent.trim();
  return wordsOf(cell).trim();
}

function wordsOf(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeName === "BR") return "\n";
  if (node.nodeType !== Node.ELEMENT_NODE || node.matches(ADDED)) return "";
  if (node.dataset.source !== undefined) return node.dataset.source;
  const words = [...node.childNodes].map(wordsOf).join("");
  return node.nodeName in SMALL && SMALL_TEXT.test(words) ? smallDigits(words, SMALL[node.nodeName]) : words;
}

/** Digits above and below the line, so that 10<sup>4</sup> is not 104 in a file or in an order. */
const SMALL = { SUP: "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", SUB: "₀₁₂₃₄₅₆₇₈₉₊₋" };
const SMALL_TEXT = /^[\d+−-]+$/;

function smallDigits(words, signs) {
  return words.replace(/./g, (sign) => signs["0123456789+-".indexOf(sign === "−" ? "-" : sign)]);
}

/**
 * Return the width that a cell's text needs: "whole" (one line), a column of "words", of a "phrase" or of "prose", or
 * "endless" (a word longer than a line); null if its longest word is enough.
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

/** Return the approximate minimum width of a column with this cell, in letters. */
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
