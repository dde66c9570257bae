// A chart's figures as rows of a table: for those who do not see it, and for those who want to reckon on. Pure.

import { strings } from "../strings/index.js";
import { dateLabel, exactFigure, isPercent } from "./format.js";
import { alignSeries } from "./plot.js";

/** A place on the horizontal axis as people write it. */
export const placeLabel = (at, x) => (x === "year" ? String(at) : dateLabel(new Date(at).toISOString()));

/** The newest first, as people read it. */
export function readableTable(chart) {
  const { places, values } = alignSeries(chart);
  const unit = isPercent(chart.unit) ? "%" : "";
  const rows = places.map((at, place) => [
    placeLabel(at, chart.x),
    ...values.map((each) => (each[place] === null ? "" : `${exactFigure(each[place])}${unit}`)),
  ]);
  return { title: chart.title, columns: headOf(chart, ""), rows: rows.reverse() };
}

/** For a program: in order, every digit, dates as ISO 8601 has them, and the sources at the end. */
export function dataRows(chart, sources) {
  const { places, values } = alignSeries(chart);
  const rows = places.map((at, place) => [
    chart.x === "year" ? String(at) : new Date(at).toISOString().slice(0, 10),
    ...values.map((each) => (each[place] === null ? "" : String(each[place]))),
  ]);
  return [headOf(chart, chart.unit ? ` (${chart.unit})` : ""), ...rows, ...sources.map((source) => [source])];
}

function headOf(chart, unit) {
  const first = chart.x === "year" ? strings.chart.year : strings.chart.date;
  return [first, ...chart.series.map(({ name }) => `${name}${unit}`)];
}
