// Layout of a chart: from data and a size in pixels to paths, bars and labels. Pure functions; chart.js draws the
// result.

import { tickFigures, timeLabel } from "./format.js";
import { linear, logAxis, logarithmic, valueAxis } from "./scale.js";
import { timeTicks, toNumber } from "./time.js";

const LABEL_WIDTH = 6.6;
const MARGIN = { top: 10, right: 14, bottom: 26 };

/** Return the ascending horizontal positions and each series' value at each: `{places, values}`. */
export function alignSeries(chart) {
  const byPlace = new Map();
  chart.series.forEach((series, index) => {
    for (const [label, value] of series.points) {
      const at = toNumber(label, chart.x);
      if (Number.isNaN(at)) continue;
      if (!byPlace.has(at))
        byPlace.set(
          at,
          chart.series.map(() => null),
        );
      byPlace.get(at)[index] = value;
    }
  });
  const places = [...byPlace.keys()].sort((one, other) => one - other);
  return { places, values: chart.series.map((_, index) => places.map((at) => byPlace.get(at)[index])) };
}

/** Return everything to draw, in pixels; null if no point can be placed. */
export function layOut(chart, width, height) {
  const { places, values } = alignSeries(chart);
  const known = values.flat().filter((value) => value !== null);
  if (known.length === 0) return null;
  // Only positive values have a position on a logarithmic scale.
  const log = chart.scale === "log" && chart.kind === "line" && known.every((value) => value > 0);
  const count = height < 180 ? 4 : Math.max(5, Math.round(height / 70));
  const axis = log ? logAxis(known, count) : valueAxis(known, chart.kind, count);
  const labels = tickFigures(axis.ticks, chart.unit);
  const left = Math.ceil(Math.max(...labels.map((label) => label.length)) * LABEL_WIDTH) + 12;
  const frame = { left, top: MARGIN.top, right: width - MARGIN.right, bottom: height - MARGIN.bottom };
  const y = (log ? logarithmic : linear)([axis.low, axis.high], [frame.bottom, frame.top]);
  const positions = chart.kind === "bar" ? bandCentres(places, frame) : pointPositions(places, frame);
  return {
    frame,
    places,
    values,
    positions,
    y,
    zero: axis.low < 0 && axis.high > 0 ? y(0) : null,
    yTicks: axis.ticks.map((value, index) => ({ at: y(value), label: labels[index] })),
    xTicks: horizontalTicks(chart, places, positions, frame),
    lines: chart.kind === "bar" ? [] : values.map((each) => linePath(each, positions, y)),
    dots: chart.kind === "bar" ? [] : lonePoints(values, positions, y),
    bars: chart.kind === "bar" ? bars(values, positions, y, frame) : [],
  };
}

function pointPositions(places, frame) {
  if (places.length === 1) return [(frame.left + frame.right) / 2];
  return places.map(linear([places[0], places.at(-1)], [frame.left, frame.right]));
}

function bandCentres(places, frame) {
  const band = (frame.right - frame.left) / places.length;
  return places.map((_, index) => frame.left + band * (index + 0.5));
}

function horizontalTicks(chart, places, positions, frame) {
  const room = chart.x === "year" ? 48 : 72;
  const most = Math.max(2, Math.floor((frame.right - frame.left) / room));
  if (chart.kind === "bar") return bandTicks(chart, places, positions, most);
  const x = linear([places[0], places.at(-1)], [frame.left, frame.right]);
  return timeTicks(places[0], places.at(-1), chart.x, most).map(({ at, form }) => ({
    at: places.length === 1 ? positions[0] : x(at),
    label: timeLabel(at, form, chart.x),
  }));
}

/** Label every bar, or every nth if they are too many, and always the last. */
function bandTicks(chart, places, positions, most) {
  const every = Math.ceil(places.length / most);
  return places
    .map((at, index) => ({ at: positions[index], label: timeLabel(at, "day", chart.x) }))
    .filter((_, index) => (places.length - 1 - index) % every === 0);
}

/** Return a path through the values, interrupted at missing ones. */
function linePath(values, positions, y) {
  let path = "";
  let pen = "M";
  values.forEach((value, index) => {
    if (value === null) {
      pen = "M";
      return;
    }
    path += `${pen}${positions[index].toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
  });
  return path;
}

/** Return points without a neighbour, which a line would not show. */
function lonePoints(values, positions, y) {
  return values.flatMap((each, series) =>
    each.flatMap((value, index) =>
      value !== null && (each[index - 1] ?? null) === null && (each[index + 1] ?? null) === null
        ? [{ series, cx: positions[index], cy: y(value) }]
        : [],
    ),
  );
}

function bars(values, positions, y, frame) {
  const band = (frame.right - frame.left) / positions.length;
  const width = Math.max(1, Math.min(40, (band * 0.72) / values.length));
  const base = y(0);
  return values.flatMap((each, series) =>
    each.flatMap((value, index) => {
      if (value === null) return [];
      const x = positions[index] + (series - values.length / 2) * width;
      const top = Math.min(base, y(value));
      return [{ series, x, y: top, width: Math.max(1, width - 1), height: Math.max(1, Math.abs(y(value) - base)) }];
    }),
  );
}
