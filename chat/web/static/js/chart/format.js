// Numbers and dates for readers.

import { strings } from "../strings/index.js";

const plain = new Intl.NumberFormat(strings.numberLocale, { maximumSignificantDigits: 5 });
const percent = new Intl.NumberFormat(strings.numberLocale, { maximumFractionDigits: 2 });
const large = new Intl.NumberFormat(strings.numberLocale, { notation: "compact", maximumFractionDigits: 2 });
const tick = new Intl.NumberFormat(strings.numberLocale, { notation: "compact", maximumFractionDigits: 4 });
const dated = (options) => new Intl.DateTimeFormat(strings.dateLocale, { timeZone: "UTC", ...options });
const FORMS = {
  day: dated({ day: "numeric", month: "short" }),
  month: dated({ month: "short" }),
  "month-year": dated({ month: "short", year: "numeric" }),
  year: dated({ year: "numeric" }),
  full: dated({ day: "numeric", month: "short", year: "numeric" }),
};

/** Format a value beside a chart: five digits are enough; a percent sign belongs to the number. */
export function figure(value, unit) {
  if (value === null || value === undefined) return strings.result.noValue;
  if (isPercent(unit)) return strings.figures.percent(percent.format(value));
  return (Math.abs(value) >= 1e6 ? large : plain).format(value);
}

/** Format the labels of a value axis: large values shortened, all with the same number of decimals. */
export function tickFigures(values, unit) {
  const sign = isPercent(unit) ? strings.figures.percentSign : "";
  if (values.some((value) => Math.abs(value) >= 10_000)) return values.map((value) => `${tick.format(value)}${sign}`);
  const decimals = Math.max(...values.map((value) => (String(value).split(".")[1] ?? "").length));
  const same = { minimumFractionDigits: Math.min(decimals, 6), maximumFractionDigits: 6 };
  return values.map((value) => `${value.toLocaleString(strings.numberLocale, same)}${sign}`);
}

/** Format a value in a table with all its digits. */
export function exactFigure(value) {
  return value === null
    ? strings.result.noValue
    : value.toLocaleString(strings.numberLocale, { maximumFractionDigits: 6 });
}

export function isPercent(unit) {
  return unit.trim().startsWith("%");
}

/** Format a position of `timeTicks` on the horizontal axis. */
export function timeLabel(at, form, x) {
  return x === "year" ? String(at) : FORMS[form].format(at);
}

/** Format a date or time given as text; return other text unchanged. */
export function dateLabel(text) {
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isFinite(time) ? FORMS.full.format(time) : text;
}

/** Format a duration. */
export function duration(milliseconds) {
  if (milliseconds < 950) return strings.milliseconds(Math.round(milliseconds));
  const seconds = milliseconds / 1000;
  if (seconds < 60) return strings.seconds(seconds < 9.95 ? seconds.toFixed(1) : String(Math.round(seconds)));
  return strings.minutes(Math.floor(Math.round(seconds) / 60), Math.round(seconds) % 60);
}
