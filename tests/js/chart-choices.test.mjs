import assert from "node:assert/strict";
import { test } from "node:test";

import { AS_GIVEN, chosenChart, offersOf, rangesOf, toggled } from "../../chat/web/static/js/chart/choices.js";
import { layOut } from "../../chat/web/static/js/chart/plot.js";
import { logAxis, logarithmic } from "../../chat/web/static/js/chart/scale.js";

const years = (from, to, value = (year) => year) =>
  Array.from({ length: to - from + 1 }, (_, index) => [String(from + index), value(from + index)]);
const days = (count, step = 1) =>
  Array.from({ length: count }, (_, index) => [
    new Date(Date.UTC(2026, 10, 20) - (count - 1 - index) * step * 86_400_000).toISOString().slice(0, 10),
    1 + index / count,
  ]);
const chart = (more) => ({ title: "t", unit: "US$", kind: "line", x: "year", series: [], ...more });
const series = (name, points) => ({ name, points });

test("ranges are those that show less than all there is, and enough to see", () => {
  const cases = [
    ["year", years(1990, 2024), [60, 120]],
    ["year", years(2018, 2024), [60]],
    ["year", years(2020, 2024), []],
    ["year", years(2024, 2024), []],
    ["date", days(250), [1, 6]],
    ["date", days(700), [1, 6, 12]],
    ["date", days(700, 7), [12, 60, 120]],
    ["date", days(3), []],
    ["date", [["never", 1]], []],
  ];
  for (const [x, points, ranges] of cases) {
    assert.deepEqual(rangesOf(chart({ x, series: [series("a", points)] })), ranges, `${x} ${points.length}`);
  }
});

test("a range ends with the newest figure of all series, and leaves out those that have none in it", () => {
  const given = chart({ series: [series("a", years(1990, 2024)), series("b", years(1960, 2000))] });
  const shown = chosenChart(given, { ...AS_GIVEN, months: 60 });
  assert.deepEqual(
    shown.series.map(({ name, colour, points }) => [name, colour, points[0][0], points.at(-1)[0]]),
    [["a", 0, "2019", "2024"]],
  );
});

test("hiding a series keeps the others' colours, and one is always shown", () => {
  const given = chart({ series: [series("a", years(2000, 2004)), series("b", years(2000, 2004))] });
  const one = toggled(AS_GIVEN, 0, 2);
  assert.deepEqual(
    chosenChart(given, one).series.map(({ name, colour }) => [name, colour]),
    [["b", 1]],
  );
  assert.equal(toggled(one, 1, 2), one);
  assert.deepEqual(toggled(one, 0, 2), AS_GIVEN);
});

test("series are rebased at the first place that all of them have", () => {
  const given = chart({
    series: [
      series("a", [
        ["2000", 50],
        ["2001", 200],
        ["2002", 300],
      ]),
      series("b", [
        ["2001", 4],
        ["2002", 3],
        ["2003", null],
      ]),
    ],
  });
  const index = chosenChart(given, { ...AS_GIVEN, form: "index" });
  assert.equal(index.unit, "2001 = 100");
  assert.deepEqual(
    index.series.map(({ points }) => points.map(([, value]) => value)),
    [
      [25, 100, 150],
      [100, 75, null],
    ],
  );
  const change = chosenChart(given, { ...AS_GIVEN, form: "change" });
  assert.equal(change.unit, "% since 2001");
  assert.deepEqual(
    change.series[0].points.map(([, value]) => value),
    [-75, 0, 50],
  );
});

test("within a range, the first place of the range is 100", () => {
  const given = chart({
    series: [
      series(
        "a",
        years(1990, 2024, (year) => year - 1980),
      ),
    ],
  });
  const shown = chosenChart(given, { ...AS_GIVEN, months: 60, form: "index" });
  assert.deepEqual(shown.series[0].points[0], ["2019", 100]);
});

test("meaningless views are not offered", () => {
  const cases = [
    [{ unit: "US$" }, [1, 2], { form: true, log: true }],
    [{ unit: "%" }, [1, 2], { form: false, log: true }],
    [{ unit: "US$" }, [1, -2], { form: false, log: false }],
    [{ unit: "US$" }, [0, 2], { form: false, log: false }],
    [{ unit: "US$", kind: "bar" }, [1, 2], { form: false, log: false }],
    [{ unit: "US$" }, [1], { form: false, log: false }],
  ];
  for (const [about, values, offers] of cases) {
    const points = values.map((value, index) => [String(2000 + index), value]);
    assert.deepEqual(
      offersOf(chart({ ...about, series: [series("a", points)] })),
      offers,
      JSON.stringify([about, values]),
    );
  }
});

test("on a logarithmic scale the same growth is the same height", () => {
  const y = logarithmic([1, 1000], [300, 0]);
  assert.deepEqual(
    [1, 10, 100, 1000].map((value) => Math.round(y(value))),
    [300, 200, 100, 0],
  );
  for (const values of [
    [1, 1000],
    [3, 7],
    [5, 5],
    [0.002, 40],
    [1e-3, 1e9],
    [100, 100],
    [18e12, 19e12],
  ]) {
    const { low, high, ticks } = logAxis(values);
    assert.ok(low <= Math.min(...values) && high >= Math.max(...values), `${values}: ${low}..${high}`);
    assert.ok(ticks.length >= 2 && ticks.length <= 10 && low > 0 && low < high, `${values}: ${ticks}`);
  }
});

test("every view can be drawn, also without values", () => {
  const charts = [
    chart({ series: [series("a", years(1990, 2024)), series("b", years(1960, 1970))] }),
    chart({
      kind: "bar",
      unit: "%",
      series: [
        series(
          "a",
          years(2000, 2010, (year) => 2005 - year),
        ),
      ],
    }),
    chart({ x: "date", series: [series("a", days(700))] }),
    chart({ series: [series("a", [["never", 3]])] }),
  ];
  for (const given of charts) {
    for (const months of [null, 1, 12, 60]) {
      for (const form of ["value", "index", "change"]) {
        for (const log of [false, true]) {
          const shown = chosenChart(given, { months, hidden: [], form, log });
          const plot = layOut(shown, 320, 216);
          assert.ok(!JSON.stringify(plot?.lines ?? []).includes("NaN"));
          assert.equal(
            (plot?.yTicks ?? []).some(({ at }) => Number.isNaN(at)),
            false,
          );
        }
      }
    }
  }
});
