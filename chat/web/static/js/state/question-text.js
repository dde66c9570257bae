// A question as it is shown: code is code, addresses are links, and everything else stays as it was typed. Pure.

import { safeHref } from "../browser/links.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\n`]*)\n([\s\S]*?)\n? {0,3}\1[`~]*[ \t]*$/gm;
/** Code in backticks, or an address, which ends where another script's letters or stops begin. */
const INLINE =
  /(?<!`)(`+)(?!`)([^\n]*?[^`\n])\1(?!`)|(?<![\p{L}\p{N}_@/.])(?:https?:\/\/|www\.)[^\s<>"`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uffef]+/giu;

/** Blocks: `{kind: "code", language, text}` or `{kind: "text", pieces}`, its pieces of kind "text", "code" or "link". */
export function blocksOf(text) {
  const blocks = [];
  let from = 0;
  const words = (to) => {
    const between = text.slice(from, to).replace(/^\n|\n$/g, "");
    if (between) blocks.push({ kind: "text", pieces: piecesOf(between) });
  };
  for (const found of text.matchAll(FENCE)) {
    words(found.index);
    blocks.push({ kind: "code", language: found[2].trim().split(/\s/)[0], text: found[3] });
    from = found.index + found[0].length;
  }
  words(text.length);
  return blocks;
}

function piecesOf(text) {
  const pieces = [];
  let from = 0;
  const add = (kind, start, length, piece) => {
    if (start > from) pieces.push({ kind: "text", text: text.slice(from, start) });
    pieces.push({ kind, ...piece });
    from = start + length;
  };
  for (const found of text.matchAll(INLINE)) {
    if (found[1]) {
      add("code", found.index, found[0].length, { text: found[2] });
      continue;
    }
    const address = withoutStops(found[0]);
    const href = safeHref(/^www\./i.test(address) ? `http://${address}` : address);
    if (href && address.length > "https://".length) add("link", found.index, address.length, { text: address, href });
  }
  if (from < text.length) pieces.push({ kind: "text", text: text.slice(from) });
  return pieces;
}

const OPENED = { ")": "(", "]": "[" };

/** Without the stops that end the sentence and not the address, nor a bracket that was opened before it. */
function withoutStops(address) {
  const counts = {};
  for (const sign of address) counts[sign] = (counts[sign] ?? 0) + 1;
  let end = address.length;
  for (; end > 0; end -= 1) {
    const last = address[end - 1];
    const open = OPENED[last];
    const unopened = open !== undefined && counts[last] > (counts[open] ?? 0);
    if (!unopened && !/[.,;:!?'’”*_~]/.test(last)) break;
    counts[last] -= 1;
  }
  return address.slice(0, end);
}

const LONGEST_LINES = 14;
const LINE_CHARACTERS = 68;

/** Whether it takes up so much room that only its beginning is shown first. */
export function isLong(text) {
  const lines = text.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / LINE_CHARACTERS)), 0);
  return lines > LONGEST_LINES;
}
