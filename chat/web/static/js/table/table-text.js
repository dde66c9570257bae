// Tables as text and in order: for the clipboard, for sorting. Rows are lists of strings. Pure functions.

export { toCsv } from "./csv.js";

/** For the clipboard: tab-separated, which spreadsheets take apart and people can read. */
export function toTsv(rows) {
  return rows.map((row) => row.map((cell) => inert(cell).replace(/\s+/g, " ")).join("\t")).join("\n");
}

function inert(cell) {
  return /^[=@\t\r]|^[+-](?![\d.,\s]*[\d%][\d.,%\s]*$)/.test(cell) ? `'${cell}` : cell;
}

/** The rows by one column, figures by their size, words by the alphabet; what is empty comes last either way. */
export function sortedRows(rows, column, direction, locale) {
  const words = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
  const keys = new Map(rows.map((row) => [row, (row[column] ?? "").trim()]));
  const figures = new Map(rows.map((row) => [row, figureOf(keys.get(row))]));
  const filled = rows.filter((row) => !isEmpty(keys.get(row)));
  const numeric = filled.every((row) => figures.get(row) !== null);
  const sign = direction === "descending" ? -1 : 1;
  const compare = numeric
    ? (one, other) => figures.get(one) - figures.get(other)
    : (one, other) => words.compare(keys.get(one), keys.get(other));
  return [...filled.sort((one, other) => sign * compare(one, other)), ...rows.filter((row) => isEmpty(keys.get(row)))];
}

const isEmpty = (cell) => cell === "" || /^[-–—]$/.test(cell) || /^n\/?a$/i.test(cell);

const SCALES = new Map(
  Object.entries({ thousand: 1e3, k: 1e3, million: 1e6, mn: 1e6, m: 1e6, billion: 1e9, bn: 1e9, b: 1e9 }).concat(
    Object.entries({ trillion: 1e12, tn: 1e12, t: 1e12 }),
  ),
);

/** The number a cell begins with, its scale counted ("18.7 trillion US$"), or null. */
export function figureOf(cell) {
  const found = /^(?:[A-Z]{2,3}\s?)?[$€£¥₹]?\s?([-+−–]?)\s?[$€£¥₹]?(\d[\d,  ]*(?:\.\d+)?)\s*(\p{L}*)/u.exec(cell);
  if (!found) return null;
  const number = Number(found[2].replace(/[,\s]/g, ""));
  if (!Number.isFinite(number)) return null;
  const scaled = number * (SCALES.get(found[3].toLowerCase()) ?? 1);
  return /[-−–]/.test(found[1]) ? -scaled : scaled;
}

/** What a click on a column's head asks for next: up, down, as it was. */
export function nextDirection(direction) {
  if (direction === "ascending") return "descending";
  return direction === null ? "ascending" : null;
}
