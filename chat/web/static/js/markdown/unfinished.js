// Markdown that is still being written, made to look like what it will become: "**bol" is bold already, half a link
// is a link without an address, the first row of a table is a table. What cannot be told yet is left out for the
// moment: a lone "-" may begin a list or underline a heading. Pure: text in, text out, for the last block only.

import { formulaAt } from "./math-syntax.js";

const FENCE = /^[\s>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}|~{3,})([^`]*)$/;
/** A line of which it cannot be told yet what it begins. */
const UNTOLD = /^[\s>]*(?:[-+*_=#>~`|:\s]+|\d{1,3}[.)]?[ \t]*|[-+*][ \t]+\[[ xX]?\]?[ \t]*)$/;
const LONGEST_UNTOLD = 200;
/** A link or an image that is longer than this is not looked for: every "[" would look through all the rest. */
const LONGEST_LINK = 3000;
const NEW_PLACE = /^\s*(?:(?:[-*+]|\d{1,9}[.)])\s|#{1,6}\s|>)/;

export function completed(text) {
  const fence = openFence(text);
  if (fence) return insideFence(text, fence);
  const display = lastDisplay(text);
  if (display.open >= 0)
    return text.slice(0, display.open) + wholeFormula(text, display.open, formulaAt(text, display.open));
  const told = withoutUntold(text);
  const tableAt = tableStart(told);
  if (tableAt >= 0) return told.slice(0, tableAt) + wholeTable(told.slice(tableAt));
  return withoutUntold(wholeInline(told, Math.max(placeOf(told), display.end)));
}

/** The fence that is open at the end, `{marks, line}` with the offset of its line; null outside of code. */
function openFence(text) {
  let open = null;
  let offset = 0;
  for (const line of text.split("\n")) {
    const marks = FENCE.exec(line);
    if (open) {
      if (marks && marks[1][0] === open.marks[0] && marks[1].length >= open.marks.length && !marks[2].trim())
        open = null;
    } else if (marks) {
      open = { marks: marks[1], line: offset };
    }
    offset += line.length + 1;
  }
  return open;
}

/** The code's language is shown once it is whole, and backticks only once they are not the fence's end. */
function insideFence(text, { marks, line }) {
  const last = text.lastIndexOf("\n") + 1;
  if (last <= line) return text.slice(0, line);
  const tail = text.slice(last).trim();
  return tail && [...tail].every((sign) => sign === marks[0]) ? text.slice(0, last) : text;
}

function withoutUntold(text) {
  const last = text.lastIndexOf("\n") + 1;
  const line = text.slice(last);
  if (line.length > LONGEST_UNTOLD || !line.trim() || formulaOpens(line)) return text;
  return UNTOLD.test(line) ? text.slice(0, last) : text;
}

const formulaOpens = (line) => line.includes("$");

// Tables

/** Where the rows begin that the text ends in; -1 where it ends in something else, or where they are no table. */
function tableStart(text) {
  const lines = text.split("\n");
  let first = lines.length;
  // After a row's end comes an empty line, until something is written in it.
  if (lines.at(-1) === "") first -= 1;
  const end = first;
  while (first > 0 && lines[first - 1].trimStart().startsWith("|")) first -= 1;
  if (first === end) return -1;
  const second = lines[first + 1] ?? "";
  return /^[\s|:-]*$/.test(second) ? lines.slice(0, first).join("\n").length + (first > 0 ? 1 : 0) : -1;
}

function wholeTable(text) {
  const lines = text.split("\n");
  if (lines.length > 2 && cellsOf(lines[1]) === cellsOf(lines[0])) return withLastCell(text);
  const header = lines.length === 1 ? withLastCell(lines[0]).trimEnd() : lines[0].trimEnd();
  const first = header.endsWith("|") ? header : `${header} |`;
  const columns = cellsOf(first);
  const rule = (lines[1] ?? "")
    .split("|")
    .map((cell) => cell.trim())
    .filter(Boolean);
  const cells = Array.from({ length: columns }, (_, column) =>
    /^:?-+:?$/.test(rule[column] ?? "") ? rule[column] : "---",
  );
  return `${first}\n| ${cells.join(" | ")} |\n`;
}

/** How many cells a row has; an open last one counts once there is something in it. */
function cellsOf(row) {
  const cells = row
    .trim()
    .replace(/^\|/, "")
    .split(/(?<!\\)\|/);
  if (cells.length > 1 && !cells.at(-1).trim()) cells.pop();
  return cells.length;
}

function withLastCell(text) {
  const line = text.lastIndexOf("\n") + 1;
  const bar = [...text.slice(line).matchAll(/(?<!\\)\|/g)].at(-1);
  return bar ? wholeInline(text, line + bar.index + 1) : text;
}

// Formulas

/** Where a formula on lines of its own begins that has no end yet, or -1; and where the last whole one ends. */
function lastDisplay(text) {
  let from = 0;
  for (const { index, 0: opening } of text.matchAll(/^ {0,3}(?:\$\$|\\\[)/gm)) {
    if (index < from) continue;
    const found = formulaAt(text, index + opening.length - 2);
    if (found && !Number.isFinite(found.end)) {
      return { open: index + opening.length - 2, end: from };
    }
    from = found?.end ?? from;
  }
  return { open: -1, end: from };
}

/** The formula that begins at `at` with an end; "" where nothing of it can be drawn yet. */
function wholeFormula(text, at, { tex, display }) {
  const opening = text.slice(at, at + (/^(?:\$\$|\\)/.test(text.slice(at, at + 2)) ? 2 : 1));
  const closing = { "\\(": "\\)", "\\[": "\\]" }[opening] ?? opening;
  const written = tex.replace(/[\s$\\]+$/, "");
  if (!written.trim()) return "";
  return opening + written + (display && tex.includes("\n") ? "\n" : "") + closing;
}

// Within a line: emphasis, code, links, formulas

/** Where the words begin whose marks may still be open: the last paragraph, list item, heading. */
function placeOf(text) {
  let place = 0;
  let offset = 0;
  let heading = false;
  let fence = null;
  for (const line of text.split("\n")) {
    const marks = FENCE.exec(line)?.[1] ?? null;
    if (fence ? marks?.startsWith(fence) : marks) {
      fence = fence ? null : marks;
      place = offset + line.length + 1;
    }
    if (heading || !line.trim()) place = offset;
    heading = /^\s{0,3}#{1,6}\s/.test(line);
    const begins = NEW_PLACE.exec(line);
    if (begins) place = offset + begins[0].length;
    offset += line.length + 1;
  }
  return Math.min(place, text.length);
}

function wholeInline(text, from) {
  const scan = new Inline(text, from);
  return scan.finish();
}

class Inline {
  #text;
  #at;
  #open = [];

  constructor(text, from) {
    this.#text = text;
    this.#at = from;
  }

  finish() {
    while (this.#at < this.#text.length) {
      const sign = this.#text[this.#at];
      const read = { "\\": "backslash", "`": "code", $: "formula", "[": "link", "!": "image", "<": "angle" }[sign];
      const ended = read ? this[read]() : /[*_~]/.test(sign) ? this.emphasis(sign) : this.#skip(1);
      if (ended) break;
    }
    this.#dropEmpty();
    const closing = this.#open.reverse().map(({ sign, count }) => sign.repeat(count));
    return closing.length > 0 ? this.#text.trimEnd() + closing.join("") : this.#text;
  }

  /** Marks with nothing after them yet are not shown. */
  #dropEmpty() {
    for (let last = this.#open.at(-1); last && last.from >= this.#text.trimEnd().length; last = this.#open.at(-1)) {
      this.#text = this.#text.slice(0, last.from - last.count);
      this.#open.pop();
    }
  }

  #skip(count) {
    this.#at += count;
    return false;
  }

  #rest() {
    return this.#text.slice(this.#at, this.#at + LONGEST_LINK);
  }

  /** What begins here cannot be told yet, or not be shown. */
  #cut() {
    this.#text = this.#text.slice(0, this.#at);
    return true;
  }

  backslash() {
    if (this.#at === this.#text.length - 1) return this.#cut();
    return /[([]/.test(this.#text[this.#at + 1]) ? this.formula() : this.#skip(2);
  }

  code() {
    const marks = /^`+/.exec(this.#text.slice(this.#at))[0];
    const inside = this.#text.slice(this.#at + marks.length);
    const close = inside.search(new RegExp(`(?<!\`)${marks}(?!\`)`));
    if (close >= 0) return this.#skip(close + 2 * marks.length);
    const written = inside.replace(/`+$/, "");
    if (!written.trim()) return this.#cut();
    this.#text = this.#text.slice(0, this.#at) + marks + written + marks;
    return true;
  }

  formula() {
    if (/^\${1,2}$/.test(this.#text.slice(this.#at))) return this.#cut();
    const found = formulaAt(this.#text, this.#at);
    if (!found) return this.#skip(this.#text[this.#at] === "\\" ? 2 : 1);
    if (Number.isFinite(found.end)) return this.#skip(found.end - this.#at);
    const whole = wholeFormula(this.#text, this.#at, found);
    if (whole === "") return this.#cut();
    this.#text = this.#text.slice(0, this.#at) + whole;
    return true;
  }

  image() {
    const rest = this.#rest();
    if (rest === "!") return this.#cut();
    if (rest[1] !== "[") return this.#skip(1);
    const whole = /^!\[[^\]\n]*\]\([^)\n]*\)/.exec(rest);
    if (whole) return this.#skip(whole[0].length);
    // Until it is whole, an image looks like the link that it will become.
    const label = /^!\[([^\]\n]*)(?:\]?$|\]\([^\n]*$)/.exec(rest);
    if (!label) return this.#skip(2);
    if (!label[1]) return this.#cut();
    this.#text = `${this.#text.slice(0, this.#at)}![${label[1]}]()`;
    return true;
  }

  link() {
    const rest = this.#rest();
    const whole = /^\[(?:[^[\]\\\n]|\\.|\[[^\]\n]*\])*\]/.exec(rest);
    if (!whole) return this.#label(rest);
    const after = rest.slice(whole[0].length);
    if (after === "") {
      this.#text = this.#text.slice(0, this.#at) + whole[0].slice(1, -1);
      return false;
    }
    if (after[0] !== "(") return this.#skip(1);
    const address = /^\((?:[^()\n]|\([^()\n]*\))*\)/.exec(after);
    if (address) return this.#skip(whole[0].length + address[0].length);
    if (after.includes("\n")) return this.#skip(1);
    this.#text = `${this.#text.slice(0, this.#at)}${whole[0]}()`;
    return true;
  }

  /** A label without its end: the bracket is left out, since most become links. */
  #label(rest) {
    if (rest.length > 300 || rest.includes("\n")) return this.#skip(1);
    if (/^\[[\s^xX]?$/.test(rest)) return this.#cut();
    this.#text = this.#text.slice(0, this.#at) + rest.slice(1);
    return false;
  }

  angle() {
    const rest = this.#text.slice(this.#at);
    if (/^<(?:h(?:t(?:t(?:p(?:s?(?::\/{0,2})?)?)?)?)?)?$/.test(rest)) return this.#cut();
    if (!/^<https?:\/\/[^\s>]*$/.test(rest)) return this.#skip(1);
    this.#text += ">";
    return true;
  }

  emphasis(sign) {
    const count = new RegExp(`^\\${sign}+`).exec(this.#text.slice(this.#at))[0].length;
    if (count > 3) return this.#skip(count);
    const before = this.#text[this.#at - 1] ?? " ";
    const after = this.#text[this.#at + count];
    if (!/\s/.test(before) && this.#open.at(-1)?.sign === sign && !(sign === "_" && /\w/.test(after ?? " "))) {
      return this.#close(sign, count);
    }
    if (after === undefined) return this.#cut();
    const inWord = /[\p{L}\p{N}]/u.test(before) && !(sign === "*" && count === 2);
    if (!/\s/.test(after) && !inWord && !(sign === "~" && count !== 2))
      this.#open.push({ sign, count, from: this.#at + count });
    return this.#skip(count);
  }

  #close(sign, count) {
    let left = count;
    while (left > 0 && this.#open.at(-1)?.sign === sign && this.#open.at(-1).count <= left) {
      left -= this.#open.pop().count;
    }
    const last = this.#open.at(-1);
    const atEnd = this.#at + count === this.#text.length;
    if (left > 0 && atEnd) {
      // One of the two asterisks that end it: the other is on its way.
      this.#text = this.#text.slice(0, this.#at + count - left);
      return true;
    }
    if (left > 0 && last?.sign === sign) last.count -= left;
    return this.#skip(count);
  }
}
