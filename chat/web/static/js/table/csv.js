// Tables as CSV files that a spreadsheet opens correctly by double click in the reader's language, with numbers it can
// calculate with. Rows are lists of original strings. Pure, except for the catalogue.

import { figureParts } from "../state/result-translation.js";
import { strings } from "../strings/index.js";
import { decimalSignOf } from "./figures.js";

/** Without it, spreadsheets do not recognise UTF-8. */
const BYTE_ORDER_MARK = "\uFEFF";
const SCALE = String.raw`(?:(?:Mrd|Mio|Tsd|Bio)\.?|Milliarden?|Millionen?|Billionen?|Tausend|thousand|million|billion|trillion|bn|mn|crore|lakh)`;
const UNIT = String.raw`[\p{L}°%µ²³/\p{Sc}·]{0,12}`;
/** A currency before a number, a short unit after it: "US$ 5", "−3.5 kg", "1,200 ms", "$2.5 million", "3 % of GDP". */
const FIGURE = new RegExp(
  `^(?<open>\\(?)(?<sign>[-+−–]?) ?(?<before>[A-Z]{0,2}\\p{Sc}|[A-Z]{3}(?= ))? ?(?<sign2>[-−–]?)` +
    `(?<number>(?:\\d{1,3}(?:,\\d{2,3})*,\\d{3}(?:\\.\\d+)?|\\d+(?:\\.\\d+)?)(?:[eE][-+]?\\d{1,3})?) ?` +
    `(?<after>${SCALE} ${UNIT}|${SCALE}|% (?:of|de[sr]|vom) [\\p{L}-]{1,12}|${UNIT})(?<close>\\)?)$`,
  "u",
);
/** After a number with a currency before it: a scale, or what one pays for. */
const SCALED = new RegExp(`^(?:${SCALE}|[kKmMbBtT]n?)$`, "u");
const RATE = /^\//;
/** No value: "–", "n/a", "k. A.". */
const BLANK = /^[^\p{L}\p{N}]*$|^(?:n\/?a|n\. ?a\.|k\. ?A\.|none|null|nil|tbd|unknown|unbekannt|keine|offen)$/iu;
const PAIR = /^1 ([A-Z]{3}) = ([\d.,]+) ([A-Z]{3})$/;
const SPACES = /[\u00a0\u2007\u2009\u202f]/g;
const DIGITS = /\d(?:[\d.,'’]*\d)?(?: \d{3}(?!\d)(?:[.,]\d+)?)*/g;
/** Valid numbers with groups of three digits and decimals, by decimal sign. */
const WRITTEN = {
  ",": /^(?:[1-9]\d{0,2}(?:[. '’]\d{3})+|\d+)(?:,\d+)?$/,
  ".": /^(?:[1-9]\d{0,2}(?:[ '’]\d{3})+|\d+|\d{1,3}(?:,\d{2,3})*,\d{3})(?:\.\d+)?$/,
};

/**
 * Return comma-separated values by RFC 4180; semicolons separate where the comma is the decimal sign. Units in a
 * column of numbers move to their own column. A cell that a spreadsheet would execute becomes text. `english`: the
 * numbers are known to be in English writing; otherwise each column decides, or else the table.
 */
export function toCsv([columns, ...rows], { english = true } = {}) {
  const cells = columns.map((_, column) => rows.map((row) => row[column] ?? ""));
  const ofTable = english ? "." : decimalSignOf(rows.flat());
  const read = cells.map((column) => {
    const decimal = (english ? "." : decimalSignOf(column)) ?? ofTable ?? likelySign(column);
    return column.map((cell) => ({ cell, parts: partsOf(inEnglish(cell.trim(), decimal)) }));
  });
  const split = read.map(hasUnits);
  const head = columns.flatMap((name, column) => (split[column] ? [name, strings.figures.unit] : [name]));
  const body = rows.map((_, row) =>
    read.flatMap((column, at) => (split[at] ? apart(column[row]) : [value(column[row])])),
  );
  return linesOf([head.map(text), ...body]);
}

/** Return the decimal sign of numbers that do not show it: "1.234" is a thousand in German only, "1,234" anywhere. */
function likelySign(column) {
  return column.some((cell) => /\d\.\d{3}(?!\d)/.test(cell)) ? decimalSign() : ".";
}

/** Convert a cell's digits to English writing if it is a number. */
function inEnglish(cell, decimal) {
  return cell.replace(SPACES, " ").replace(DIGITS, (digits) => {
    if (!WRITTEN[decimal].test(digits)) return digits;
    const groups = decimal === "," ? /[. '’]/g : /[, '’]/g;
    return digits.replace(groups, "").replace(",", ".");
  });
}

/** Convert cells to numbers where all of a column are numbers. */
export function linesOf(rows) {
  const separator = decimalSign() === "," ? ";" : ",";
  const quoted = (cell) =>
    /["\r\n]/.test(cell) || cell.includes(separator) ? `"${cell.replaceAll('"', '""')}"` : cell;
  const lines = rows.map((row) => row.map((cell) => quoted(cell)).join(separator));
  return `${BYTE_ORDER_MARK}${lines.join("\r\n")}\r\n`;
}

/** Format a number for a spreadsheet in the page's language. */
export function numeral(number) {
  return String(number).replace(".", decimalSign());
}

/** Return text that no spreadsheet executes. */
export function text(cell) {
  return /^\s*[=@+\-−\t\r]/.test(cell) && cell.trim() !== "-" ? `'${cell}` : cell;
}

const decimalSign = () => (1.5).toLocaleString(strings.numberLocale).replace(/\d/g, "");

/** Return whether programs read this cell: it goes into a file unchanged, everything else as it is shown. */
export function isData(cell) {
  return /^\d{4}-\d{2}-\d{2}$/.test(cell) || partsOf(cell.trim()) !== null;
}

/** Return whether most cells of a column are numbers and some have a unit. */
function hasUnits(column) {
  const filled = column.filter(({ cell }) => !BLANK.test(cell.trim()));
  const figures = filled.map(({ parts }) => parts).filter(Boolean);
  return figures.length >= filled.length * 0.6 && figures.some(({ unit }) => unit !== "");
}

function apart({ cell, parts }) {
  return parts ? [parts.number, text(parts.unit)] : [text(cell), ""];
}

function value({ cell, parts }) {
  return parts?.unit === "" ? parts.number : text(cell);
}

/** Parse "18.73 trillion US$", "+3.1 %" or "1 EUR = 1.15 USD" to `{number, unit}`; null for anything else. */
function partsOf(cell) {
  const pair = PAIR.exec(cell);
  if (pair) return { number: numeral(pair[2].replaceAll(",", "")), unit: strings.figures.perUnit(pair[1], pair[3]) };
  const parts = figureParts(cell);
  if (!parts) return otherParts(cell);
  const { scale, percent, of } = parts;
  const { scales, units } = strings.figures;
  const number = parts.value.replaceAll(",", "").replace("−", "-").replace(/^\+/, "");
  return {
    number: numeral(number),
    unit: [scale && scales[scale], percent && "%", of && units[of]].filter(Boolean).join(" "),
  };
}

function otherParts(cell) {
  const parts = FIGURE.exec(cell)?.groups;
  const unit = parts ? unitOf(parts) : null;
  if (!parts || unit === null || Boolean(parts.open) !== Boolean(parts.close)) return null;
  // Accountants write a negative number in parentheses. With a word it is a remark.
  if (parts.open && /\p{L}/u.test(unit)) return null;
  const sign = parts.open || /[-−–]/.test(parts.sign + parts.sign2) ? "-" : "";
  return { number: `${sign}${numeral(parts.number.replaceAll(",", ""))}`, unit };
}

function unitOf({ before = "", after = "" }) {
  if (!before || !after) return before || after;
  if (RATE.test(after)) return before + after;
  return SCALED.test(after) ? `${after} ${before}` : null;
}
