// Validates a tool's data for display: only strings, finite numbers, allowed links, limited sizes. The data is
// untrusted; anything that does not have the documented shape is left out and never throws.

import { safeHref } from "../browser/links.js";

const LIMITS = { tables: 12, rows: 2000, columns: 30, charts: 24, series: 12, points: 5000, sources: 12 };

const list = (value, limit) => (Array.isArray(value) ? value.slice(0, limit) : []);
const record = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : {});

function text(value) {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** Return `{title, note, tables, charts, sources}`, or null if there is nothing to draw. */
export function readResultData(data) {
  const fields = record(data);
  const read = {
    title: text(fields.title),
    note: text(fields.note),
    tables: list(fields.tables, LIMITS.tables)
      .map(readTable)
      .filter((table) => table.columns.length > 0),
    charts: list(fields.charts, LIMITS.charts)
      .map(readChart)
      .filter((chart) => chart.series.length > 0),
    sources: list(fields.sources, LIMITS.sources)
      .map(readSource)
      .filter((source) => source.name),
  };
  return read.tables.length + read.charts.length > 0 || read.note ? read : null;
}

function readTable(value) {
  const { title, columns, rows } = record(value);
  const names = list(columns, LIMITS.columns).map(text);
  const cells = list(rows, LIMITS.rows).map((row) => names.map((_, column) => text(list(row, names.length)[column])));
  return { title: text(title), columns: names, rows: cells };
}

function readChart(value) {
  const { title, unit, kind, x, series } = record(value);
  return {
    title: text(title),
    unit: text(unit),
    kind: kind === "bar" ? "bar" : "line",
    x: x === "date" ? "date" : "year",
    series: list(series, LIMITS.series)
      .map(readSeries)
      .filter((each) => each.points.some(([, y]) => y !== null)),
  };
}

/** Points are `[label, value]`. A missing value is null and interrupts the line. */
function readSeries(value) {
  const { name, points } = record(value);
  const read = list(points, LIMITS.points)
    .filter(Array.isArray)
    .map(([label, number]) => [text(label), Number.isFinite(number) ? number : null])
    .filter(([label]) => label !== "");
  return { name: text(name), points: read };
}

function readSource(value) {
  const { name, url, updated, retrieved } = record(value);
  return { name: text(name), href: safeHref(url), updated: text(updated), retrieved: text(retrieved) };
}
