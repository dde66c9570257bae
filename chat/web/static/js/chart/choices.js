// The view of a chart: time range, series, form and scale. Screen, print and saved picture show the same view. Pure,
// except for the catalogue.

import { strings } from "../strings/index.js";
import { isPercent } from "./format.js";
import { alignSeries } from "./plot.js";
import { placeLabel } from "./rows.js";

/**
 * `months` counts back from the end, null for all. `hidden` has indexes of series. `form` is "value", "index" or
 * "change".
 */
export const AS_GIVEN = { months: null, hidden: [], form: "value", log: false };

const RANGES = [1, 6, 12, 60, 120];
/** A line with fewer points says little. */
const FEWEST_PLACES = 4;

/** Return the ranges in months that are shorter than the data. */
export function rangesOf(chart) {
  const { places } = alignSeries(chart);
  if (places.length < FEWEST_PLACES) return [];
  const years = monthsBack(places.at(-1), 36, chart.x) <= places[0];
  return RANGES.filter((months) => {
    // Ranges in months are for short data.
    if (months < 12 && (chart.x === "year" || !years)) return false;
    const from = monthsBack(places.at(-1), months, chart.x);
    return places[0] < from && places.filter((at) => at >= from).length >= FEWEST_PLACES;
  });
}

/** Return `{form, log}`: whether the data can be rebased, and shown on a logarithmic scale. */
export function offersOf(chart) {
  const values = chart.series.flatMap(({ points }) => points.map(([, value]) => value)).filter((each) => each !== null);
  const positive = chart.kind === "line" && values.every((value) => value > 0);
  return { form: positive && !isPercent(chart.unit) && values.length > 1, log: positive && values.length > 1 };
}

/** Return the chart in this view. Each series keeps its `colour` number. */
export function chosenChart(chart, { months, hidden, form, log }) {
  const tinted = { ...chart, series: chart.series.map((series, index) => ({ ...series, colour: index })) };
  const part = inRange({ ...tinted, series: tinted.series.filter(({ colour }) => !hidden.includes(colour)) }, months);
  const scale = log && form !== "change" ? "log" : "linear";
  const unit = scale === "log" ? [part.unit, strings.chart.logUnit].filter(Boolean).join(", ") : part.unit;
  return form === "value" ? { ...part, unit, scale } : rebased(part, form, scale);
}

/** Show or hide one series; at least one stays visible. */
export function toggled(choice, index, count) {
  const hidden = choice.hidden.includes(index)
    ? choice.hidden.filter((each) => each !== index)
    : [...choice.hidden, index];
  return hidden.length < count ? { ...choice, hidden } : choice;
}

function inRange(chart, months) {
  if (months === null) return chart;
  const { places } = alignSeries(chart);
  const from = monthsBack(places.at(-1), months, chart.x);
  const part = chart.series.map((series) => {
    const own = alignSeries({ ...chart, series: [series] });
    const points = own.places
      .map((at, index) => [at, own.values[0][index]])
      .filter(([at]) => at >= from)
      .map(([at, value]) => [chart.x === "year" ? String(at) : new Date(at).toISOString().slice(0, 10), value]);
    return { ...series, points };
  });
  return { ...chart, series: part.filter(({ points }) => points.some(([, value]) => value !== null)) };
}

/** Rebase all series to the first position where each has a value; without one, each to its own first value. */
function rebased(chart, form, scale) {
  const { places, values } = alignSeries(chart);
  if (places.length === 0) return chart;
  const common = places.findIndex((_, place) => values.every((each) => each[place] !== null));
  const bases = values.map((each) => each[common] ?? each.find((value) => value !== null));
  const change = (value, base) => (form === "index" ? (value / base) * 100 : (value / base - 1) * 100);
  const series = chart.series.map((one, index) => ({
    ...one,
    points: one.points.map(([at, value]) => [
      at,
      value === null ? null : Number(change(value, bases[index]).toPrecision(6)),
    ]),
  }));
  const labels = strings.chart;
  const since = placeLabel(places[Math.max(common, 0)], chart.x);
  const unit = form === "index" ? labels.indexUnit(since) : labels.changeUnit(since);
  return { ...chart, series, scale, unit: scale === "log" ? `${unit}, ${labels.logUnit}` : unit };
}

function monthsBack(at, months, x) {
  if (x === "year") return at - months / 12;
  const date = new Date(at);
  return date.setUTCMonth(date.getUTCMonth() - months);
}
