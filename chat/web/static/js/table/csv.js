// Tables as files for a spreadsheet: it opens them right at a double click, in the reader's language, and can
// calculate with what it finds. Rows are lists of strings, as they came. Pure, but for the catalogue.

import { figureParts } from "../state/result-words.js";
import { strings } from "../strings/index.js";

/** Without it a spreadsheet takes UTF-8 for something else. */
const BYTE_ORDER_MARK = "\uFEFF";
/** A currency before a number, or a short unit after it: "US$ 5", "−3.5 kg", "1,200 ms". */
const FIGURE =
  /^(?<sign>[-+−]?) ?(?<before>US\$|[$€£¥₹]|[A-Z]{3}(?= ))? ?(?<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?) ?(?<after>[\p{L}°%µ²³/$€£¥·]{0,12})$/u;
const PAIR = /^1 ([A-Z]{3}) = ([\d.,]+) ([A-Z]{3})$/;

/**
 * Comma-separated values as RFC 4180 has them; where the comma is the decimal sign, semicolons separate. Of a column
 * of figures with units the units make a column of their own. A cell that a spreadsheet would run is made text.
 */
export function toCsv([columns, ...rows]) {
  const split = columns.map((_, column) => hasUnits(rows.map((row) => row[column] ?? "")));
  const head = columns.flatMap((name, column) => (split[column] ? [name, strings.figures.unit] : [name]));
  const body = rows.map((row) =>
    columns.flatMap((_, column) => (split[column] ? apart(row[column] ?? "") : [value(row[column] ?? "")])),
  );
  return linesOf([head.map(text), ...body]);
}

/** Rows whose numbers are numbers, which none of them is text for. */
export function linesOf(rows) {
  const separator = decimalSign() === "," ? ";" : ",";
  const quoted = (cell) =>
    /["\r\n]/.test(cell) || cell.includes(separator) ? `"${cell.replaceAll('"', '""')}"` : cell;
  const lines = rows.map((row) => row.map((cell) => quoted(cell)).join(separator));
  return `${BYTE_ORDER_MARK}${lines.join("\r\n")}\r\n`;
}

/** A number as a spreadsheet of the page's language reads it. */
export function numeral(number) {
  return String(number).replace(".", decimalSign());
}

/** Text that no spreadsheet runs. */
export function text(cell) {
  return /^\s*[=@+\-−\t\r]/.test(cell) && cell.trim() !== "-" ? `'${cell}` : cell;
}

const decimalSign = () => (1.5).toLocaleString(strings.numberLocale).replace(/\d/g, "");

/** Whether a program reads this cell: it goes into a file as it came, everything else as it is shown. */
export function isData(cell) {
  return /^\d{4}-\d{2}-\d{2}$/.test(cell) || partsOf(cell.trim()) !== null;
}

/** Whether most cells of a column are figures, and some have a unit. */
function hasUnits(cells) {
  const filled = cells.filter((cell) => cell.trim() !== "");
  const figures = filled.map(partsOf).filter(Boolean);
  return figures.length >= filled.length * 0.6 && figures.some(({ unit }) => unit !== "");
}

function apart(cell) {
  const parts = partsOf(cell.trim());
  return parts ? [parts.number, text(parts.unit)] : [text(cell), ""];
}

function value(cell) {
  const parts = partsOf(cell.trim());
  return parts && parts.unit === "" ? parts.number : text(cell);
}

/** `{number, unit}` of "18.73 trillion US$", "+3.1 %" or "1 EUR = 1.15 USD"; null for what is no figure. */
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
  const found = FIGURE.exec(cell)?.groups;
  if (!found || (found.before && found.after)) return null;
  const sign = found.sign === "" || found.sign === "+" ? "" : "-";
  return { number: `${sign}${numeral(found.number.replaceAll(",", ""))}`, unit: found.before ?? found.after };
}
