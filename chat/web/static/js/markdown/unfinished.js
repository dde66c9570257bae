// Completes unfinished Markdown so that it looks like its final form: "**bol" is bold already, half a link is a link
// without an address, the first row of a table is a table. Ambiguous text is hidden for the moment: a lone "-" may
// begin a list or underline a heading. Pure: text in, text out, for the last block only.

import { formulaAt } from "./math-syntax.js";
import { lastDisplay, wholeFormula } from "./unfinished-formula.js";
import { LONGEST_LINK, wholeInline } from "./unfinished-line.js";

const FENCE = /^[\s>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}|~{3,})([^`]*)$/;
/** A line whose kind is not clear yet. */
const AMBIGUOUS = /^[\s>]*(?:[-+*_=#>~`|:\s]+|\d{1,3}[.)]?[ \t]*|[-+*][ \t]+\[[ xX]?\]?[ \t]*)$/;
const LONGEST_UNTOLD = 200;
const NEW_PLACE = /^\s*(?:(?:[-*+]|\d{1,9}[.)])\s|#{1,6}\s|>|\[\^[^\s\]]+\]:)/;
/** A line that may define a link, or a footnote with an unfinished label: half an address would be wrong. */
const DEFINITION = /^[\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)?\[(?:[\d^][^\]]*\]?|\^[^\]]+\]:\s*|(?!\^)[^\]]+\]:.*)$/;
/** A definition without its address, or without the title that may follow. */
const DEFINED = /^[\s>]*\[(?!\^)[^\]]+\]:/;

export function completed(text) {
  const fence = openFence(text);
  if (fence) return insideFence(text, fence);
  const display = lastDisplay(text);
  const formula = display.open >= 0 ? wholeFormula(text, display.open, formulaAt(text, display.open)) : null;
  if (formula !== null) return text.slice(0, display.open) + formula;
  const visible = withoutAmbiguous(text);
  const tableAt = tableStart(visible);
  if (tableAt >= 0) return visible.slice(0, tableAt) + wholeTable(visible.slice(tableAt));
  return withoutAmbiguous(wholeInline(visible, Math.max(placeOf(visible), display.end)));
}

/** Return the code fence open at the end, `{marks, line}` with the offset of its line; null outside of code. */
function openFence(text) {
  /** @type {{marks: string, line: number} | null} */
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

/** Show the language when it is complete, and backticks when they cannot be the closing fence. */
function insideFence(text, { marks, line }) {
  const last = text.lastIndexOf("\n") + 1;
  if (last <= line) return text.slice(0, line);
  const tail = text.slice(last).trim();
  return tail && [...tail].every((sign) => sign === marks[0]) ? text.slice(0, last) : text;
}

function withoutAmbiguous(text) {
  const last = text.lastIndexOf("\n") + 1;
  const line = text.slice(last);
  if (mayDefine(line, text.slice(text.lastIndexOf("\n", last - 2) + 1, last))) return text.slice(0, last);
  if (line.length > LONGEST_UNTOLD || !line.trim() || formulaOpens(line)) return text;
  return AMBIGUOUS.test(line) ? text.slice(0, last) : text;
}

function mayDefine(line, above) {
  if (line.length > LONGEST_LINK) return false;
  return DEFINITION.test(line) || (DEFINED.test(above) && (/\]:\s*$/.test(above) || /^[\s>]*["'(]/.test(line)));
}

const formulaOpens = (line) => line.includes("$");

// Tables

/** Return where the rows at the end of the text begin; -1 if it ends in something else. */
function tableStart(text) {
  const lines = text.split("\n");
  let first = lines.length;
  // After a complete row there is an empty line, until text is written in it.
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

/** Return the number of cells of a row; an open last one counts if it has text. */
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

/** Return the start of the text whose markup may still be open: the last paragraph, list item or heading. */
function placeOf(text) {
  let place = 0;
  let offset = 0;
  let heading = false;
  /** @type {string | null} */
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
