// Sorts rows by one column: by date, version, number or alphabet, as the column's cells decide. Rows are lists of
// strings. Pure functions.

import { dateOf, isMonthFirst } from "./dates.js";
import { westernDigits } from "./digits.js";
import { figuresOf } from "./figures.js";

const EMPTY =
  /^(?:[-–—−.…\s]*|n\/a|n\.\s?a\.?|no (?:figure|data|value)|not (?:available|applicable)|keine (?:angaben?|daten)|k\.\s?a\.?)$/i;
/** Empty values among numbers and dates; among words they may be words. */
const EMPTY_AMONG_FIGURES = /^(?:na|nan|null|none|nil|unknown|unbekannt|tbd|tba|pending|offen|\?+)$/i;
/** This share of a column's cells decides its kind; cells of another kind come last. */
const MOST = 0.7;
/** Names of versions before a release, in their order. */
const STAGES = [
  "dev",
  "nightly",
  "canary",
  "alpha",
  "a",
  "beta",
  "b",
  "pre",
  "preview",
  "milestone",
  "m",
  "next",
  "rc",
  "snapshot",
];
const STAGE = `(?:[-+. ]?(${STAGES.filter((name) => name.length > 1).join("|")}|[abm](?=\\d))(?![a-z])[-.]?(\\d*).*|[-+].+| ?\\(?lts\\)?)?`;
const VERSION = new RegExp(`^(v(?:er(?:sion)?\\.?)?\\s?)?(\\d+(?:\\.\\d+)*)${STAGE}$`, "i");
/** An address of a network or of a service: its last number is like a part of a version. */
const ADDRESS = /^(\d{1,3}(?:\.\d{1,3}){3})[/:](\d{1,5})$/;
const VERSION_HEAD = /version|release|fassung|ausgabe/i;

/**
 * `head` is the column's header; `language` is the page's. Empty cells come last in both directions; equal cells keep
 * their order.
 */
export function sortedRows(rows, column, direction, language, head = "") {
  const cells = rows.map((row) => westernDigits((row[column] ?? "").replace(/[\s\u200b]+/g, " ").trim()));
  const filled = cells.map((cell, index) => ({ cell, row: rows[index] })).filter(({ cell }) => !EMPTY.test(cell));
  const compare = orderOf(filled, head, language);
  const sign = direction === "descending" ? -1 : 1;
  const known = filled.filter(({ key }) => key !== null);
  const others = filled.filter(({ key }) => key === null);
  return [
    ...known.sort((one, other) => sign * compare(one.key, other.key)).map(({ row }) => row),
    ...others.map(({ row }) => row),
    ...rows.filter((_, index) => EMPTY.test(cells[index])),
  ];
}

/** Return whether a column has numbers, which are aligned to the right. */
export function isNumericColumn(cells, head = "") {
  const filled = cells
    .map((cell) => westernDigits(cell.trim()))
    .filter((cell) => !EMPTY.test(cell) && !EMPTY_AMONG_FIGURES.test(cell));
  if (filled.length === 0 || datesOf(filled, "en") || versionsOf(filled, head)) return false;
  return most(figuresOf(filled), filled);
}

/** Set the sort `key` of each element of `filled`, and return the comparison. */
function orderOf(filled, head, language) {
  const present = filled.filter(({ cell }) => !EMPTY_AMONG_FIGURES.test(cell));
  const cells = present.map(({ cell }) => cell);
  const [keys, compare] = keysOf(cells, head, language);
  for (const each of filled) each.key = null;
  if (keys) {
    present.forEach((each, index) => {
      each.key = keys[index];
    });
    return compare;
  }
  for (const each of filled) each.key = each.cell;
  return new Intl.Collator(language, { numeric: true, sensitivity: "base" }).compare;
}

function keysOf(cells, head, language) {
  const dates = datesOf(cells, language);
  if (dates) return [dates, (one, other) => compareNumbers(one.at, other.at) || compareNumbers(one.until, other.until)];
  const versions = versionsOf(cells, head);
  if (versions) return [versions, compareVersions];
  const figures = figuresOf(cells);
  return most(figures, cells) ? [figures.map(figureKey(cells)), compareFigures(language)] : [null, null];
}

/** Not by subtraction: two infinite values would differ by NaN. */
const compareNumbers = (one, other) => (one < other ? -1 : Number(one > other));

/** Return the value of a cell, with what distinguishes it from equal ones: "<5", "5+", "5–8" and "5–10". */
const figureKey = (cells) => (value, index) => {
  if (value === null) return null;
  const [, sign, more, rest] = /^\s*([<≤>≥]?)\D*[\d.,'’]+\s*(\+?)(.*)$/su.exec(cells[index]) ?? [];
  const bound = /[<≤]/.test(sign) ? -1 : Number(/[>≥]/.test(sign) || more === "+");
  return { value, bound, rest: /\d/.test(rest ?? "") ? rest : "" };
};

function compareFigures(language) {
  const byText = new Intl.Collator(language, { numeric: true }).compare;
  return (one, other) =>
    compareNumbers(one.value, other.value) ||
    one.bound - other.bound ||
    (one.rest && other.rest ? byText(one.rest, other.rest) : 0);
}

const most = (keys, cells) => cells.length > 0 && keys.filter((key) => key !== null).length >= cells.length * MOST;

function datesOf(cells, language) {
  const monthFirst = isMonthFirst(cells, language === "en");
  const dates = cells.map((cell) => dateOf(cell, monthFirst));
  return most(dates, cells) && dates.some((date) => date && !date.year) ? dates : null;
}

/** Return the versions of a column that has nothing else; null if they may be decimals. */
function versionsOf(cells, head) {
  const versions = cells.map((cell) => VERSION.exec(cell.replace(ADDRESS, "$1.$2")));
  if (versions.length === 0 || versions.includes(null)) return null;
  const numbers = versions.map(([, , number]) => number.split("."));
  if (numbers.every((parts) => parts.length === 1) && !versions.some(([, v, , stage]) => v || stage)) return null;
  const grouped = numbers.every(([, ...groups]) => groups.every((group) => group.length === 3));
  const long = numbers.some((parts) => parts.length > 2) && !grouped;
  const marked = versions.some(([, v, , stage]) => v || stage);
  if (!long && !marked && !VERSION_HEAD.test(head) && !endInNought(numbers)) return null;
  return versions.map(([, , , stage, build], index) => ({
    numbers: numbers[index].map(Number),
    stage: stage ? STAGES.indexOf(stage.toLowerCase()) : STAGES.length,
    build: Number(build ?? 0),
  }));
}

/** Return whether the column has 1.9 and 1.10: decimals of different lengths do not end in zero. */
function endInNought(numbers) {
  const lengths = new Set(numbers.map(([, decimals = ""]) => decimals.length));
  return (
    lengths.size > 1 &&
    numbers.some(([, decimals = ""]) => /\d0$/.test(decimals) && decimals.length === Math.max(...lengths))
  );
}

function compareVersions(one, other) {
  const length = Math.max(one.numbers.length, other.numbers.length);
  for (let place = 0; place < length; place += 1) {
    const difference = (one.numbers[place] ?? 0) - (other.numbers[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return one.stage - other.stage || one.build - other.build;
}

/** Return the next sort order after a click on a header: ascending, descending, original. */
export function nextDirection(direction) {
  if (direction === "ascending") return "descending";
  return direction === null ? "ascending" : null;
}
