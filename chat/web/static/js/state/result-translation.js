// A tool's result in the page's language: known labels, numbers, dates, units, names of countries and currencies. Tools
// write English; unknown text stays. Pure, except for the catalogue.

import { dateLabel } from "../chart/format.js";
import { strings } from "../strings/index.js";
import { namesIn } from "./names.js";

/** @typedef {[RegExp, (found: string[]) => string]} Pattern */

/** Return the result for display. `raw` has each table's original rows, for sorting and calculating. */
export function localised(result) {
  return {
    ...result,
    title: label(result.title),
    note: sentence(result.note),
    tables: result.tables.map((table) => ({
      title: label(table.title),
      columns: table.columns.map(label),
      rows: table.rows.map((row) => row.map(cell)),
      raw: table.rows,
    })),
    charts: result.charts.map((chart) => ({
      ...chart,
      title: label(chart.title),
      unit: unit(chart.unit),
      series: chart.series.map((series) => ({ ...series, name: label(series.name) })),
    })),
    sources: result.sources.map((source) => ({ ...source, name: label(source.name) })),
  };
}

const PAIR = /^1 ([A-Z]{3}) = (\S+) ([A-Z]{3})$/;
const PERIOD = /^(\d{4}-\d{2}-\d{2}) to (\d{4}-\d{2}-\d{2})$/;
const FIGURE = /^([-+−]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?(?: (trillion|billion|million))?(?: ?(%))?(?: (\S.*))?$/;

/** Return a cell in the writing of the page's language. */
export function cell(text) {
  const pair = PAIR.exec(text);
  if (pair) return `1 ${pair[1]} = ${number(pair[2])} ${pair[3]}`;
  const period = PERIOD.exec(text);
  if (period) return `${dateLabel(period[1])} – ${dateLabel(period[2])}`;
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return dateLabel(text);
  return figureText(text) ?? label(text);
}

function figureText(text) {
  const parts = figureParts(text);
  if (!parts) return null;
  const { value, scale, percent, of } = parts;
  const words = strings.figures;
  const amount = percent ? words.percent(number(value)) : number(value);
  const rest = [scale && words.scales[scale], of && unitWords(of)].filter(Boolean).join(" ");
  return rest ? `${amount} ${rest}` : amount;
}

/**
 * Parse "18.73 trillion US$", "14.6 % of GDP", "+3.10 %" or "2024" to `{value, scale, percent, of}`; otherwise null.
 */
export function figureParts(text) {
  const match = FIGURE.exec(text);
  if (!match) return null;
  const [, sign, whole, decimals, scale = null, percent, of = null] = match;
  if (of !== null && !Object.hasOwn(strings.figures.units, of)) return null;
  return { value: `${sign}${whole}${decimals ? `.${decimals}` : ""}`, scale, percent: Boolean(percent), of };
}

/** Format a number in the page's language with the digits it had. */
function number(text) {
  const plain = text.replaceAll(",", "");
  const decimals = (plain.split(".")[1] ?? "").length;
  if (!Number.isFinite(Number(plain.replace("−", "-")))) return text;
  return Number(plain.replace("−", "-")).toLocaleString(strings.numberLocale, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    useGrouping: text.includes(","),
    signDisplay: plain.startsWith("+") ? "exceptZero" : "auto",
  });
}

const unitWords = (of) => strings.figures.units[of];

/** Translate a chart's unit: "%", "trillion US$", "USD". */
function unit(text) {
  const words = strings.figures;
  const [, scale, rest] = /** @type {string[]} */ (/^(?:(trillion|billion|million) )?(.*)$/s.exec(text));
  if (rest.startsWith("% ")) return `% ${words.units[rest.slice(2)] ?? rest.slice(2)}`;
  return [scale && words.scales[scale], words.units[rest] ?? rest].filter(Boolean).join(" ");
}

/** Translate a word or title of a tool. */
export function label(text) {
  const { words } = strings.figures;
  const patterns = /** @type {Pattern[]} */ (strings.figures.patterns);
  if (Object.hasOwn(words, text)) return words[text];
  for (const [form, write] of patterns) {
    const match = form.exec(text);
    if (match) return write(match.slice(1).map(label));
  }
  return namesIn(strings.language).get(text.toLowerCase()) ?? text;
}

function sentence(text) {
  for (const [form, write] of /** @type {Pattern[]} */ (strings.figures.notes)) {
    const match = form.exec(text);
    if (match) return write(match.slice(1));
  }
  return text;
}
