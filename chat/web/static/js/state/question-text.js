// A question's text for display: code, links, and everything else as typed. Pure.

import { safeHref } from "../browser/links.js";

/** Code between fences. Without a closing one it runs to the end, as in Markdown. */
const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\n`]*)\n([\s\S]*?)(?:\n? {0,3}\1[`~]*[ \t]*$|(?![\s\S])())/gm;
/** Letters and punctuation of scripts without spaces. An address begins after them, and ends before them. */
const UNSPACED = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uffef`;
/** Code in backticks, or an address. */
const INLINE = new RegExp(
  String.raw`(?<!\x60)(\x60+)(?!\x60)([^\n]*?[^\x60\n])\1(?!\x60)|` +
    String.raw`(?<!(?![${UNSPACED}])[\p{L}\p{N}_@/.])(?:https?://|www\.)[^\s<>"\x60${UNSPACED}]+`,
  "giu",
);

/**
 * Return blocks: `{kind: "code", language, text}` or `{kind: "text", pieces}`, with pieces of kind "text", "code" or
 * "link".
 */
export function blocksOf(given) {
  const text = given.replaceAll("\r\n", "\n");
  const blocks = [];
  let from = 0;
  const words = (to) => {
    const between = text.slice(from, to).replace(/^\n|\n$/g, "");
    if (between) blocks.push({ kind: "text", pieces: piecesOf(between) });
  };
  for (const match of text.matchAll(FENCE)) {
    const [, , info, code, unclosed] = match;
    words(match.index);
    const language = info.trim().split(/\s/)[0];
    blocks.push({ kind: "code", language, text: unclosed === undefined ? code : code.trimEnd() });
    from = match.index + match[0].length;
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
  for (const match of text.matchAll(INLINE)) {
    if (match[1]) {
      add("code", match.index, match[0].length, { text: match[2] });
      continue;
    }
    const address = withoutStops(match[0]);
    const href = safeHref(/^www\./i.test(address) ? `http://${address}` : address);
    if (href && address.length > "https://".length) add("link", match.index, address.length, { text: address, href });
  }
  if (from < text.length) pieces.push({ kind: "text", text: text.slice(from) });
  return pieces;
}

const OPENED = { ")": "(", "]": "[" };

/** Remove punctuation that ends the sentence, and a closing bracket that was opened before the address. */
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

/** Return whether the text is so long that it is folded at first. */
export function isLong(text) {
  const lines = text.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / LINE_CHARACTERS)), 0);
  return lines > LONGEST_LINES;
}
