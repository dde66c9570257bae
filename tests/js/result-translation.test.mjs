import assert from "node:assert/strict";
import { test } from "node:test";

import { cell, label, localised } from "../../chat/web/static/js/state/result-translation.js";
import { strings as de } from "../../chat/web/static/js/strings/de.js";
import { strings } from "../../chat/web/static/js/strings/index.js";

function inGerman(run) {
  const before = { ...strings };
  Object.assign(strings, { figures: de.figures, numberLocale: de.numberLocale, language: "de" });
  try {
    return run();
  } finally {
    Object.assign(strings, before);
  }
}

test("an English card has one kind of percent sign, and dates as people write them", () => {
  const cells = [
    ["5.0 %", "5.0%"],
    ["+3.10 %", "+3.10%"],
    ["14.6 % of GDP", "14.6% of GDP"],
    ["18.73 trillion US$", "18.73 trillion US$"],
    ["2024", "2024"],
    ["11,149 companies", "11,149 companies"],
    ["2026-11-20", "20 Nov 2026"],
    ["2026-01-01 to 2026-11-20", "1 Jan 2026 – 20 Nov 2026"],
    ["1 EUR = 1.1523 USD", "1 EUR = 1.1523 USD"],
    ["no figure", "no figure"],
    ["Build 1.2.3 of x", "Build 1.2.3 of x"],
    ["5 horses", "5 horses"],
  ];
  for (const [given, shown] of cells) assert.equal(cell(given), shown);
});

test("a German card has German labels, numbers and names", () => {
  const cells = [
    ["-5.0 %", "-5,0\u00a0%"],
    ["14.6 % of GDP", "14,6\u00a0% des BIP"],
    ["18.73 trillion US$", "18,73 Bio. US$"],
    ["1.41 billion people", "1,41 Mrd. Menschen"],
    ["11,149 companies", "11.149 Unternehmen"],
    ["2024", "2024"],
    ["1 EUR = 1.1523 USD", "1 EUR = 1,1523 USD"],
    ["no figure", "keine Angabe"],
    ["Germany", "Deutschland"],
  ];
  const labels = [
    ["GDP growth (annual, real)", "BIP-Wachstum (jährlich, real)"],
    ["Euro to US dollar", "Euro in US-Dollar"],
    ["Euro to US dollar, annual averages", "Euro in US-Dollar, Jahresmittel"],
    ["EUR/USD reference rate", "Referenzkurs EUR/USD"],
    ["Türkiye", "Türkei"],
    ["Looking up China at the World Bank", "China wird bei der Weltbank nachgeschlagen"],
    ["Something unheard of", "Something unheard of"],
    ["constructor", "constructor"],
  ];
  inGerman(() => {
    for (const [given, shown] of cells) assert.equal(cell(given), shown);
    for (const [given, shown] of labels) assert.equal(label(given), shown);
  });
});

test("a result keeps its original rows and its charts' values", () => {
  const result = {
    title: "Germany",
    note: "",
    tables: [{ title: "Main indicators", columns: ["Indicator"], rows: [["GDP"]] }],
    charts: [{ title: "GDP", unit: "trillion US$", series: [{ name: "Germany", points: [["2024", 4.7]] }] }],
    sources: [{ name: "World Bank" }],
  };
  const shown = inGerman(() => localised(result));
  assert.deepEqual(shown.tables, [{ title: "Kennzahlen", columns: ["Kennzahl"], rows: [["BIP"]], raw: [["GDP"]] }]);
  assert.deepEqual(shown.charts[0], {
    title: "BIP",
    unit: "Bio. US$",
    series: [{ name: "Deutschland", points: [["2024", 4.7]] }],
  });
  assert.equal(shown.sources[0].name, "Weltbank");
});
