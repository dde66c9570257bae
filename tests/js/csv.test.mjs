import assert from "node:assert/strict";
import { test } from "node:test";

import { dataFile } from "../../chat/web/static/js/chart/rows.js";
import { strings as de } from "../../chat/web/static/js/strings/de.js";
import { strings } from "../../chat/web/static/js/strings/index.js";
import { toCsv } from "../../chat/web/static/js/table/csv.js";

const BOM = "\uFEFF";
const lines = (file) => file.slice(1).split("\r\n").slice(0, -1);

function inGerman(run) {
  const before = { ...strings };
  Object.assign(strings, { figures: de.figures, numberLocale: de.numberLocale, language: "de", chart: de.chart });
  try {
    return run();
  } finally {
    Object.assign(strings, before);
  }
}

const CARD = [
  ["Indicator", "Value", "Year"],
  ["GDP (current US$)", "18.73 trillion US$", "2024"],
  ["GDP growth (annual, real)", "-4.98 %", "2024"],
  ["Exports", "19.7 % of GDP", "2023"],
  ["Listed domestic companies", "11,149 companies", "2024"],
  ["Nothing known", "no figure", ""],
];

test("values and units stand apart, and every row is a row of the table", () => {
  const file = toCsv(CARD);
  assert.ok(file.startsWith(BOM));
  assert.deepEqual(lines(file), [
    "Indicator,Value,Unit,Year",
    "GDP (current US$),18.73,trillion US$,2024",
    '"GDP growth (annual, real)",-4.98,%,2024',
    "Exports,19.7,% of GDP,2023",
    "Listed domestic companies,11149,companies,2024",
    "Nothing known,no figure,,",
  ]);
});

test("in German the comma is the decimal sign, and semicolons separate", () => {
  assert.deepEqual(lines(inGerman(() => toCsv(CARD))).slice(0, 4), [
    "Indicator;Value;Einheit;Year",
    "GDP (current US$);18,73;Bio. US$;2024",
    "GDP growth (annual, real);-4,98;%;2024",
    "Exports;19,7;% des BIP;2023",
  ]);
});

test("an exchange rate is a number with its two currencies", () => {
  const rows = [
    ["", "Rate", "Date"],
    ["Latest", "1 EUR = 1.1523 USD", "2026-11-20"],
    ["Change", "+3.10 %", "x"],
  ];
  assert.deepEqual(lines(toCsv(rows)), [",Rate,Unit,Date", "Latest,1.1523,USD per EUR,2026-11-20", "Change,3.10,%,x"]);
});

test("currencies, short units and signs are units too, and words are words", () => {
  const rows = [
    ["a", "b"],
    ["US$ 5", "Zürich"],
    ["€3.50", "v1.2"],
    ["−1,200 ms", "3 little pigs went"],
    ["7 kg", "1.2.3"],
  ];
  assert.deepEqual(lines(toCsv(rows)), [
    "a,Unit,b",
    "5,US$,Zürich",
    "3.50,€,v1.2",
    "-1200,ms,3 little pigs went",
    "7,kg,1.2.3",
  ]);
});

test("a scale or a rate goes with its currency, gaps are no words, and parentheses are a minus", () => {
  const rows = [
    ["a", "b", "c", "d", "e"],
    ["$2.5 million", "€3/kg", "n/a", "(1,234)", "3.2e-4"],
    ["−£2.5m", "€4.10/kg", "–", "5,678", "1e5"],
    ["US$ 18.7 trillion", "€5 each", "5 kg", "(12.5)", "(5 kg)"],
  ];
  assert.deepEqual(lines(toCsv(rows)), [
    "a,Unit,b,Unit,c,Unit,d,e",
    "2.5,million $,3,€/kg,n/a,,-1234,3.2e-4",
    "-2.5,m £,4.10,€/kg,–,,5678,1e5",
    "18.7,trillion US$,€5 each,,5,kg,-12.5,(5 kg)",
  ]);
  assert.deepEqual(lines(inGerman(() => toCsv([["x"], ["3.2e-4"]]))), ["x", "3,2e-4"]);
});

test("where no cell shows the decimal sign, a thousand is likely", () => {
  const column = (cells) => lines(toCsv([["x"], ...cells.map((cell) => [cell])], { english: false })).slice(1);
  assert.deepEqual(column(["1,234", "5,678"]), ["1234", "5678"]);
  assert.deepEqual(column(["1.234", "5.678"]), ["1.234", "5.678"]);
  assert.deepEqual(
    inGerman(() => column(["1.234", "5.678 €"])),
    ["1234;", "5678;€"],
  );
  assert.deepEqual(
    inGerman(() => column(["1,234", "5,678"])),
    ["1234", "5678"],
  );
});

test("cells are quoted as RFC 4180 has it", () => {
  assert.equal(
    toCsv([
      ["a", 'b "c"', "d,e"],
      ["1\n2", "", "x"],
    ]),
    `${BOM}a,"b ""c""","d,e"\r\n"1\n2",,x\r\n`,
  );
});

test("no text becomes a formula in any cell", () => {
  for (const cell of ["=1+1", "@x", "+cmd|x", "-a", "-2+3", "\t=1", " =1", "−x", '=HYPERLINK("x")', "\r=1"]) {
    const [head, row] = toCsv([[cell], [cell]])
      .slice(1)
      .split(/\r\n(?=["'])/);
    for (const each of [head, row]) assert.match(each, /^"?'/, JSON.stringify(cell));
  }
  assert.deepEqual(lines(toCsv([["a"], ["-5"], ["+3.2"], ["-"]])), ["a", "-5", "3.2", "-"]);
});

test("a chart's file has its unit and its source in columns, not in rows or names", () => {
  const chart = {
    title: "GDP growth",
    unit: "%",
    kind: "line",
    x: "year",
    series: [
      {
        name: "=China",
        points: [
          ["2023", 5.25],
          ["2024", null],
        ],
      },
    ],
  };
  assert.deepEqual(lines(dataFile(chart, ["Source: World Bank"])), [
    "Year,'=China,Unit,Source",
    "2023,5.25,%,Source: World Bank",
    "2024,,%,Source: World Bank",
  ]);
  assert.equal(lines(inGerman(() => dataFile(chart, [])))[1], "2023;5,25;%");
});

test("figures of a table that a model wrote are numbers, however its language writes them", () => {
  const asWritten = (rows) => lines(toCsv(rows, { english: false })).slice(1);
  for (const [rows, expected] of [
    [
      [
        ["1.234,5 Mrd. €", "3,5 %"],
        ["-12.345,6 Mrd. €", "−4,1 %"],
      ],
      ["1234.5,Mrd. €,3.5,%", "-12345.6,Mrd. €,-4.1,%"],
    ],
    [
      [["1.234"], ["999"]],
      ["1234", "999"],
    ],
    // Ambiguous alone: the rest of the table decides.
    [
      [
        ["1.234", "0,5"],
        ["5.678", "1,25"],
      ],
      ["1234,0.5", "5678,1.25"],
    ],
    [
      [
        ["1,234", "0.5"],
        ["5,678", "1.25"],
      ],
      ["1234,0.5", "5678,1.25"],
    ],
    [
      [["1.234"], ["5.678"]],
      ["1.234", "5.678"],
    ],
    [
      [["1\u202f234,50 €"], ["12 345,00 €"]],
      ["1234.50,€", "12345.00,€"],
    ],
    [
      [["1'234.50"], ["2’000’000.00"]],
      ["1234.50", "2000000.00"],
    ],
    [
      [["12,34,567"], ["99,999"]],
      ["1234567", "99999"],
    ],
    [
      [["-$5"], ["€ -3"], ["CHF 9"]],
      ["-5,$", "-3,€", "9,CHF"],
    ],
    [
      [["3 % of GDP"], ["4,5 % des BIP"]],
      ["3,% of GDP", "4.5,% des BIP"],
    ],
    [
      [["192.168.1.1"], ["1.2.2023"], ["030 123 456"]],
      ["192.168.1.1", "1.2.2023", "030 123 456"],
    ],
  ]) {
    const head = rows[0].map(() => "x");
    assert.deepEqual(asWritten([head, ...rows]), expected);
  }
  const german = inGerman(() => lines(toCsv([["a"], ["1.234,5 Mrd. €"], ["0,5 Mrd. €"]], { english: false })));
  assert.deepEqual(german, ["a;Einheit", "1234,5;Mrd. €", "0,5;Mrd. €"]);
});

test("a tool's figures are English, whatever they look like", () => {
  assert.deepEqual(lines(toCsv([["a"], ["1.234"], ["999"]])), ["a", "1.234", "999"]);
});
