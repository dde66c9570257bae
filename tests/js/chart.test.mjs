import assert from "node:assert/strict";
import { test } from "node:test";
import { duration, exactFigure, figure, tickFigures } from "../../chat/web/static/js/chart/format.js";
import { alignSeries, layOut } from "../../chat/web/static/js/chart/plot.js";
import { linear, nearest, niceTicks, valueAxis } from "../../chat/web/static/js/chart/scale.js";
import { timeTicks, toNumber } from "../../chat/web/static/js/chart/time.js";

const chart = (more) => ({ title: "t", unit: "", kind: "line", x: "year", series: [], ...more });
const series = (name, ...points) => ({ name, points });

test("ticks are round, ascending, and enclose the values", () => {
  for (const [low, high] of [
    [0, 1],
    [-5.8, 14.2],
    [1.03, 1.22],
    [3e11, 1.9e13],
    [0, 0],
    [7, 7],
    [-3, -1],
    [1e-7, 4e-7],
  ]) {
    const ticks = niceTicks(low, high, 5);
    assert.ok(ticks[0] <= low && ticks.at(-1) >= high, `${low}..${high}: ${ticks}`);
    assert.ok(ticks.length >= 3 && ticks.length <= 9, `${low}..${high}: ${ticks}`);
    assert.ok(ticks.every((tick, index) => index === 0 || tick > ticks[index - 1]));
  }
  assert.deepEqual(niceTicks(0, 100, 5), [0, 20, 40, 60, 80, 100]);
});

test("bars stand on zero, a line far from zero keeps to itself", () => {
  assert.equal(valueAxis([90, 100], "bar").low, 0);
  assert.ok(valueAxis([1.03, 1.22], "line").low > 0.9);
  assert.equal(valueAxis([2, 14], "line").low, 0);
  assert.equal(valueAxis([-9, -1], "bar").high, 0);
});

test("the nearest point is found at the ends, between, and alone", () => {
  assert.deepEqual(
    [-5, 0, 4, 6, 14, 99].map((at) => nearest([0, 10, 20], at)),
    [0, 0, 0, 1, 1, 2],
  );
  assert.equal(nearest([3], 99), 0);
});

test("a range of no width maps to its beginning", () => {
  assert.equal(linear([2, 2], [10, 90])(2), 10);
});

test("labels become numbers, or nothing", () => {
  assert.equal(toNumber("1990", "year"), 1990);
  assert.equal(toNumber("2026-01-01", "date"), Date.UTC(2026, 0, 1));
  assert.ok(Number.isNaN(toNumber("soon", "year")));
  assert.ok(Number.isNaN(toNumber("2026-13-45", "date")));
});

test("time is labelled at years, months or days, never with more labels than fit", () => {
  const days = (text, count) => [Date.UTC(...text), Date.UTC(...text) + count * 86_400_000];
  const labels = (low, high, x, most) =>
    timeTicks(low, high, x, most).map(({ at }) => (x === "year" ? at : new Date(at).toISOString().slice(0, 10)));
  assert.deepEqual(labels(1990, 2024, "year", 8), [1990, 1995, 2000, 2005, 2010, 2015, 2020]);
  assert.deepEqual(labels(2020, 2020, "year", 8), [2020]);
  assert.deepEqual(labels(...days([2026, 0, 5], 100), "date", 6), ["2026-02-01", "2026-03-01", "2026-04-01"]);
  assert.deepEqual(labels(...days([2026, 0, 1], 10), "date", 6), [
    "2026-01-01",
    "2026-01-03",
    "2026-01-05",
    "2026-01-07",
    "2026-01-09",
    "2026-01-11",
  ]);
  for (const span of [1, 3, 20, 45, 69, 70, 100, 365, 1000, 5000, 20_000]) {
    for (const most of [2, 4, 6, 9]) {
      const found = labels(...days([2001, 4, 17], span), "date", most);
      assert.ok(found.length <= most, `${span} days, at most ${most}: ${found}`);
    }
  }
});

test("series of different years share one axis, with gaps where a year is missing", () => {
  const both = chart({ series: [series("a", ["2002", 2], ["2000", 1]), series("b", ["2001", 5], ["never", 9])] });
  assert.deepEqual(alignSeries(both), {
    places: [2000, 2001, 2002],
    values: [
      [1, null, 2],
      [null, 5, null],
    ],
  });
});

test("a line is broken at a missing value, and a lone point is a dot", () => {
  const plot = layOut(
    chart({ series: [series("a", ["2000", 1], ["2001", 2], ["2002", null], ["2003", 3])] }),
    400,
    200,
  );
  assert.equal(plot.lines[0].match(/M/g).length, 2);
  assert.deepEqual(
    plot.dots.map(({ cx }) => cx),
    [plot.positions[3]],
  );
});

test("everything is drawn inside the frame, whatever the figures", () => {
  const values = [
    [-3, 8, 0],
    [1e12, 2e12, 1.5e12],
    [5, 5, 5],
    [0.001, 0.002, -0.001],
  ];
  for (const kind of ["line", "bar"]) {
    for (const [one, two, three] of values) {
      const { frame, bars, lines, y } = layOut(
        chart({ kind, series: [series("a", ["2000", one], ["2001", two], ["2002", three])] }),
        320,
        216,
      );
      for (const value of [one, two, three]) assert.ok(y(value) >= frame.top - 0.01 && y(value) <= frame.bottom + 0.01);
      for (const bar of bars)
        assert.ok(bar.x >= frame.left && bar.x + bar.width <= frame.right && bar.y >= frame.top - 0.01);
      assert.equal(bars.length + lines.length, kind === "bar" ? 3 : 1);
      assert.ok(!JSON.stringify(lines).includes("NaN"));
    }
  }
});

test("one point can be drawn; points that have no place cannot", () => {
  assert.equal(layOut(chart({ series: [series("a", ["2000", 1])] }), 300, 200).dots.length, 1);
  assert.equal(layOut(chart({ series: [series("a", ["soon", 1])] }), 300, 200), null);
});

test("figures are short beside a chart, and whole in a table", () => {
  assert.equal(figure(18.7437e12, "current US$"), "18.74T");
  assert.equal(figure(13303.148, "US$"), "13,303");
  assert.equal(figure(4.978, "% a year"), "4.98%");
  assert.equal(figure(1.08341, "USD"), "1.0834");
  assert.equal(figure(null, "%"), "–");
  assert.equal(exactFigure(13303.148), "13,303.148");
  assert.deepEqual(tickFigures([1.15, 1.2], ""), ["1.15", "1.20"]);
  assert.deepEqual(tickFigures([0, 5e12], ""), ["0", "5T"]);
  assert.deepEqual([40, 960, 9960, 61_000].map(duration), ["40 ms", "1.0 s", "10 s", "1 min 1 s"]);
});
