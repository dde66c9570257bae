// A chart's data as table rows, for screen readers and for calculations. Pure.

import { strings } from "../strings/index.js";
import { linesOf, numeral, text } from "../table/csv.js";
import { dateLabel, exactFigure, isPercent } from "./format.js";
import { alignSeries } from "./plot.js";

/** Format a position on the horizontal axis. */
export const placeLabel = (at, x) => (x === "year" ? String(at) : dateLabel(new Date(at).toISOString()));

/** Return the rows for reading, newest first. */
export function readableTable(chart) {
  const { places, values } = alignSeries(chart);
  const unit = isPercent(chart.unit) ? strings.figures.percentSign : "";
  const rows = places.map((at, place) => [
    placeLabel(at, chart.x),
    ...values.map((each) => (each[place] === null ? "" : `${exactFigure(each[place])}${unit}`)),
  ]);
  return { title: chart.title, columns: headOf(chart, ""), rows: rows.reverse() };
}

/** Return a CSV file: ascending, with all digits and ISO 8601 dates; unit and source in their own columns. */
export function dataFile(chart, sources) {
  const { places, values } = alignSeries(chart);
  const about = [
    [strings.figures.unit, chart.unit],
    [strings.figures.source, sources.join("; ")],
  ].filter(([, each]) => each !== "");
  const head = [...headOf(chart, ""), ...about.map(([name]) => name)];
  const rows = places.map((at, place) => [
    chart.x === "year" ? String(at) : new Date(at).toISOString().slice(0, 10),
    ...values.map((each) => (each[place] === null ? "" : numeral(each[place]))),
    ...about.map(([, each]) => text(each)),
  ]);
  return linesOf([head.map(text), ...rows]);
}

function headOf(chart, unit) {
  const first = chart.x === "year" ? strings.chart.year : strings.chart.date;
  return [first, ...chart.series.map(({ name }) => `${name}${unit}`)];
}
