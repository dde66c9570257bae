import assert from "node:assert/strict";
import { test } from "node:test";

import { safeHref } from "../../chat/web/static/js/browser/links.js";
import { readResultData } from "../../chat/web/static/js/state/result-data.js";

const DATA = {
  title: "China",
  note: null,
  tables: [
    {
      title: "Main",
      columns: ["Indicator", "Value"],
      rows: [
        ["GDP", "18.7"],
        ["Growth", 5],
      ],
    },
  ],
  charts: [
    {
      title: "GDP",
      unit: "US$",
      kind: "bar",
      x: "year",
      series: [
        {
          name: "China",
          points: [
            ["2023", 1.5],
            ["2024", null],
          ],
        },
      ],
    },
  ],
  sources: [{ name: "World Bank", url: "https://data.worldbank.org/x", updated: "2026-07-01", retrieved: null }],
};

test("the documented shape is read completely", () => {
  const read = readResultData(DATA);
  assert.deepEqual(read.tables[0].rows, [
    ["GDP", "18.7"],
    ["Growth", "5"],
  ]);
  assert.deepEqual(read.charts, DATA.charts);
  assert.deepEqual(read.sources, [
    { name: "World Bank", href: "https://data.worldbank.org/x", updated: "2026-07-01", retrieved: "" },
  ]);
  assert.equal(read.note, "");
});

test("nothing to draw is null", () => {
  for (const nothing of [null, undefined, 5, "x", [], {}, { title: "x", tables: "no", charts: {} }]) {
    assert.equal(readResultData(nothing), null);
  }
});

test("values of another shape are left out, and the rest is kept", () => {
  const read = readResultData({
    ...DATA,
    title: { toString: "x" },
    tables: [null, { columns: [] }, { columns: ["a", "b"], rows: ["no", [{}, 1, "too many"]] }],
    charts: [
      null,
      {
        series: [
          {
            points: [
              ["2000", "1"],
              ["2001", Number.NaN],
            ],
          },
        ],
      },
      DATA.charts[0],
    ],
    sources: ["x", { name: "y", url: "javascript:alert(1)" }],
  });
  assert.equal(read.title, "");
  assert.deepEqual(read.tables, [
    {
      title: "",
      columns: ["a", "b"],
      rows: [
        ["", ""],
        ["", "1"],
      ],
    },
  ]);
  assert.equal(read.charts.length, 1);
  assert.deepEqual(read.sources, [{ name: "y", href: null, updated: "", retrieved: "" }]);
});

test("too much data is cut", () => {
  const read = readResultData({ tables: [{ columns: ["a"], rows: Array.from({ length: 50_000 }, () => ["x"]) }] });
  assert.ok(read.tables[0].rows.length <= 2000);
});

test("links go to the web or to a mailbox, nowhere else", () => {
  assert.equal(safeHref("https://example.org/a b"), "https://example.org/a%20b");
  assert.equal(safeHref("mailto:a@example.org"), "mailto:a@example.org");
  for (const hostile of [
    "javascript:alert(1)",
    " JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "\u0001javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://example.org/1",
    "//example.org",
    "/admin",
    "",
    null,
    {},
    7,
  ]) {
    assert.equal(safeHref(hostile), null, String(hostile));
  }
});
