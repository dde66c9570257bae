import assert from "node:assert/strict";
import { test } from "node:test";

import { isNumericColumn, nextDirection, sortedRows } from "../../chat/web/static/js/table/sorting.js";

function sorted(cells, { direction = "ascending", language = "en", head = "" } = {}) {
  const rows = cells.map((cell) => [cell]);
  return sortedRows(rows, 0, direction, language, head).map(([cell]) => cell);
}

/** Each list is in ascending order, which sorting must restore from the reverse and from a mixture. */
const ASCENDING = {
  "plain numbers": ["-3", "9", "10", "1,200"],
  "signs of four kinds": ["−12", "–3", "-1", "0", "+2", "5"],
  "signs with percent": ["−5.0 %", "-0.2%", "+3.10 %", "5.0 %", "18.73 %"],
  "signs beside currencies": ["-$1,000", "$-5", "€ 3", "US$ 5", "R$ 7.10", "¥8", "CHF 9", "10 €"],
  "negative in brackets": ["($1,200)", "(3.5)", "1", "20"],
  "arrows for signs": ["▼ 3.1 %", "▲ 0.2 %", "▲ 11 %"],
  "scale words": ["2 million", "950 billion", "18.73 trillion US$"],
  "scale letters": ["900", "1.2k", "3.4M", "€2.1bn", "$1T"],
  "German scales": ["800 Tsd.", "1,5 Mio. €", "2,1 Mrd. €", "18,73 Bio. US$"],
  "Chinese scales": ["9000", "1.2万", "3亿"],
  "Indian scales and groups": ["99,999", "12,34,567", "3 crore"],
  bytes: ["512 B", "3 KB", "900 kB", "3 MB", "1.5 GB", "2 TB"],
  "binary bytes": ["512 KiB", "1 MiB", "1.5 GiB"],
  lengths: ["3 mm", "2 cm", "1.5 m", "2 km"],
  weights: ["900 mg", "5 g", "1 kg", "2 t"],
  times: ["90 ms", "1.2 s", "5 min", "2 h", "1 day", "3 weeks"],
  "clock times": ["8:05", "12:30", "14:00"],
  "clock times in the halves of a day, as dates": ["2024-01-01 9:05 am", "2024-01-01 12:30 pm", "2024-01-01 1:15 pm"],
  "spelled durations": ["45m 10s", "1h 5m", "1h 30m", "2d 1h"],
  powers: ["950 MW", "1.2 GW", "2 TW"],
  temperatures: ["−40 °C", "0 °C", "21.5 °C"],
  "exchange rates": ["1 EUR = 0.86 GBP", "1 EUR = 1.13 USD", "1 EUR = 161.2 JPY"],
  about: ["~5", "≈ 7.5", "ca. 9", "about 12", "> 100"],
  ranks: ["#1", "#2", "#10"],
  ordinals: ["1st", "2nd", "3rd", "10th"],
  "fractions and marks": ["3/10", "4.5/10", "9/10", "10/10"],
  exponents: ["3e-5", "2.5e3", "1.1e10"],
  ranges: ["5–10 kg", "10–20 kg", "100–200 kg"],
  "notes after a figure": ["5.2*", "6.1¹", "10.0 [2]"],
  "before our era": ["500 BC", "44 BCE", "14", "1066"],
  "spaces as groups": ["999", "1 200", "12\u202f500", "1\u00a0200\u00a0000"],
  "Swiss groups": ["999", "1'234.50", "2’000’000"],
  "German numbers with decimals": ["-1.234,50", "999", "1.234,56", "12.345,6", "1.234.567,89"],
  "German numbers, whole beside grouped": ["950", "1.234", "12.345"],
  "German numbers, grouped twice": ["12.345", "100.000", "1.234.567"],
  "German decimals": ["0,5", "1,25", "10,75"],
  "English numbers with decimals": ["0.5", "2.125", "1,234.56", "1,234,567"],
  "three decimals": ["1.125", "1.130", "2.000", "15.000"],
  infinity: ["-∞", "5", "∞"],
  "ISO dates": ["1999-12-31", "2024-02-09", "2024-10-01"],
  moments: ["2024-01-01T08:00:00Z", "2024-01-01 09:30", "2024-01-02"],
  "moments with zones": ["2024-01-01T10:00+02:00", "2024-01-01T09:00Z"],
  "months of years": ["2023-12", "2024-02", "2024-10"],
  "German dates": ["1.2.2023", "02.01.2024", "31.12.2024"],
  "German months": ["1. März 2023", "31. Dezember 2023", "2. Januar 2024"],
  "English dates, month first": ["Feb 9, 2023", "Dec 31 2023", "January 2nd, 2024", "Oct. 1, 2024"],
  "English dates, day first": ["9 Feb 2023", "31 December 2023", "2nd January 2024"],
  "dates with weekdays": ["Fri, 31 Jan 2025", "Mon 3 Feb 2025", "Tuesday, 4 March 2025"],
  "dates with month words and dashes": ["31-Dec-2023", "01-Feb-2024"],
  quarters: ["2023-Q4", "2024-Q1", "2024-Q3"],
  "quarters, the other way": ["Q4 2023", "Q1 2024", "Q3 '24"],
  "German quarters": ["4. Quartal 2023", "1. Quartal 2024"],
  "halves of years": ["H2 2023", "H1 2024"],
  weeks: ["2024-W5", "2024-W10"],
  "financial years": ["FY23", "FY2024"],
  "dates and quarters and years together": ["2022", "2023-06-01", "Q4 2023", "2024", "Feb 2024"],
  months: ["January", "March", "May", "December"],
  "days of a year": ["Jan 2", "Jan 10", "Feb 1"],
  "Chinese dates": ["2023年12月31日", "2024年2月", "2024年10月1日"],
  periods: ["2010–2015", "2010–2020", "2011–2012"],
  "periods of dates": ["2023-01-01 to 2023-12-31", "2024-01-01 to 2024-06-30"],
  years: ["1999", "2008", "2024"],
  versions: ["1.2", "1.9", "1.10", "2.0"],
  "versions of three parts": ["1.2.10", "1.10.0", "1.10.2", "2.0.0"],
  "versions with a v": ["v0.9", "v1.2", "v1.12", "v10"],
  "versions before their release": ["2.0.0-alpha", "2.0.0-beta.2", "2.0.0-beta.10", "2.0.0-rc.1", "2.0.0"],
  "names with versions": ["Python 3.9", "Python 3.10", "Python 3.12"],
  addresses: ["10.0.0.2", "10.0.0.10", "192.168.1.1"],
  "long units": ["500 kt", "1.2 Mt", "11,400 Mt"],
  "small units": ["3 nm", "5 µm", "1 mm"],
  "speeds of lines": ["56 kbit/s", "500 Kbps", "100 Mbit/s", "1 Gbit/s", "1 GB/s"],
  "sizes as listed by a shell": ["900B", "1.5K", "20K", "3M", "1G"],
  "sizes of models": ["350M", "7B", "70B", "1.8T"],
  energies: ["100 kJ", "52 kcal", "1 MJ"],
  "kitchen measures": ["½ tsp", "1 tbsp", "½ cup", "1½ cups", "2 1/2 cups"],
  "feet and inches": ["5'4\"", "5'10\"", "6'1\""],
  "pounds and ounces": ["1 lb 3 oz", "2 lb", "2 lbs 1 oz"],
  "German durations": ["45 Min.", "1 Std. 10 Min.", "2 Std.", "1 Tag und 2 Std."],
  "years and months": ["6 months", "1 year", "1 year 6 months", "2 years"],
  "spans of units": ["1–2 days", "1–3 days", "3–5 days", "2–3 weeks"],
  "clock times with halves": ["8:00 AM", "11:30 am", "12:00 PM", "1:15 p.m.", "8pm"],
  "spans of clock times": ["8:00–9:00 AM", "10:00–11:00 AM", "11:00–1:00 PM", "1:00–2:00 PM"],
  "lengths of films": ["0:45", "3:05", "12:30", "1:02:03"],
  "Chinese scales with units": ["500元", "约800元", "1.2万元", "3亿元", "1.4万亿元"],
  "Japanese and Korean scales": ["500円", "1.5万円", "3億円"],
  "scales of other languages": ["1,5 тыс.", "3 millones", "2 milliards"],
  "powers of ten": ["1.2×10⁻³", "1.2×10³", "3·10^4", "2×10⁵", "10⁶", "$3 \\times 10^{7}$"],
  "Arabic digits": ["٥٫٥٪", "١٢٪", "١٬٢٠٠٪"],
  "full-width digits": ["５％", "１２％", "１００％"],
  "arrows after a figure": ["3 % ↓", "1 % ▼", "2 % ↑"],
  "signs in colour": ["🔻 3 %", "🔺 2 %"],
  "a minus after the figure": ["12-", "5-", "3"],
  "bounds beside the same figure": ["<1 %", "1 %", ">1 %", "5", "5+"],
  "prices with free ones": ["Free", "$5/month", "$20/month"],
  stars: ["★☆☆☆☆", "★★★☆☆", "⭐⭐⭐⭐", "★★★★★"],
  latitudes: ["33° S", "12.5° S", "5° N"],
  centuries: ["5th century BC", "1st century", "19th century"],
  "spans before our era": ["753–509 BC", "509–27 BC", "27 BC – AD 476", "330–1453"],
  "French dates": ["5 janvier 2024", "3 févr. 2024", "1er mars 2024", "2 août 2024"],
  "Spanish dates": ["5 de enero de 2024", "3 de febrero de 2024", "1 de marzo de 2024"],
  "Russian dates": ["5 января 2024", "3 февраля 2024", "1 марта 2024"],
  "Arabic dates": ["٥ يناير ٢٠٢٤", "٣ فبراير ٢٠٢٤", "١ مارس ٢٠٢٤"],
  "Korean dates": ["2023년 12월 31일", "2024년 2월 3일", "2024년 10월 1일"],
  "periods that go on": ["Jan 2019 – Mar 2020", "Feb 2021 – Mar 2022", "Feb 2021 – present"],
  seasons: ["2022/23", "2023/24", "2024–25"],
  "financial years of two": ["FY 2022/23", "FY 2023/24"],
  "quarters as banks write them": ["3Q23", "4Q23", "1Q24"],
  "seasons of a year": ["Spring 2023", "Summer 2023", "Fall 2023", "Spring 2024"],
  "days of a week": ["Monday", "Tuesday", "Thursday", "Sunday"],
  "German days of a week": ["Mo", "Di", "Do", "So"],
  "versions of a build": ["1.0.0-dev", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0-rc.1", "1.0.1-SNAPSHOT", "1.0.1"],
  networks: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "192.168.1.0/24"],
  "names with a number after a dash": ["GPT-3.5", "GPT-4", "GPT-4o"],
  "months and years with signs between": ["03/2023", "01/2024", "12/2024"],
  "months and years with dots": ["11.2023", "02.2024"],
  "exchange rates of four decimals": ["1.0856", "1.1234", "11.2023", "161.2024"],
  "German days of a year": ["05.02.", "01.03.", "12.11."],
  "German weeks": ["KW 5/2023", "KW 12/2023", "KW 1/2024"],
  "parts of a year": ["End of 2023", "Early 2024", "Mid 2024", "Late 2024"],
  "dates with remarks": ["5 Jan 2024*", "3 Feb 2024 (planned)", "1 Mar 2024¹"],
  "pictures before a figure": ["🔴 1 %", "🟢 5 %", "🟡 10 %", "🥇 20 %"],
  "spans of money": ["$900 to $950 million", "$1.2 to $1.5 billion"],
  words: ["apple", "Item 9", "Item 10", "östlich", "Zürich"],
  "words of which some begin with figures": ["3M Company", "7-Eleven", "Apple", "Boeing", "Cisco", "Zeiss"],
};

for (const [kind, cells] of Object.entries(ASCENDING)) {
  test(`${kind} are sorted both ways`, () => {
    const backwards = cells.toReversed();
    const mixed = [...cells.filter((_, index) => index % 2), ...cells.filter((_, index) => index % 2 === 0)];
    for (const given of [cells, backwards, mixed]) {
      assert.deepEqual(sorted(given), cells);
      assert.deepEqual(sorted(given, { direction: "descending" }), backwards);
    }
  });
}

test("the head of a column tells versions from decimals", () => {
  assert.deepEqual(sorted(["3.11", "3.9"], { head: "Version" }), ["3.9", "3.11"]);
  assert.deepEqual(sorted(["3.9", "3.11"], { head: "Price" }), ["3.11", "3.9"]);
});

test("3/4/2024 is read by the column, otherwise by the language", () => {
  assert.deepEqual(sorted(["4/3/2024", "3/25/2024", "3/4/2024"]), ["3/4/2024", "3/25/2024", "4/3/2024"]);
  assert.deepEqual(sorted(["4/3/2024", "25/2/2024", "3/4/2024"]), ["25/2/2024", "4/3/2024", "3/4/2024"]);
  assert.deepEqual(sorted(["3/4/2024", "4/3/2024"], { language: "de" }), ["4/3/2024", "3/4/2024"]);
});

test("empty cells come last in both directions, in their order", () => {
  const blanks = ["", "–", "n/a", "no figure", "keine Angabe", "k. A.", "—", "\u00a0", "unknown", "..."];
  for (const filled of [
    ["2", "10"],
    ["2024-01-02", "2024-02-01"],
    ["1.9", "1.10"],
  ]) {
    const given = [...blanks.slice(0, 5), filled[1], ...blanks.slice(5), filled[0]];
    const [up, down] = ["ascending", "descending"].map((direction) => sorted(given, { direction }));
    assert.deepEqual(up.slice(0, 2), filled);
    assert.deepEqual(down.slice(0, 2), filled.toReversed());
    assert.deepEqual(up.slice(2).toSorted(), blanks.toSorted());
    assert.deepEqual(down.slice(2), up.slice(2));
  }
  assert.deepEqual(sorted(["b", "", "a", "None"]), ["a", "b", "None", ""]);
});

test("a word among many numbers comes last", () => {
  assert.deepEqual(sorted(["soon", "10", "9", "8", "7"]), ["7", "8", "9", "10", "soon"]);
});

test("equal cells keep their order either way", () => {
  const rows = ["a", "b", "c", "d"].map((name, index) => [name, index % 2 ? "5.0 %" : "5 %"]);
  for (const direction of ["ascending", "descending"]) {
    assert.deepEqual(
      sortedRows(rows, 1, direction, "en").map(([name]) => name),
      ["a", "b", "c", "d"],
    );
  }
});

test("a third click brings the order back", () => {
  const clicks = [null];
  for (let click = 0; click < 3; click += 1) clicks.push(nextDirection(clicks.at(-1)));
  assert.deepEqual(clicks, [null, "ascending", "descending", null]);
});

test("numbers are aligned to the right; dates, versions and words are not", () => {
  for (const cells of [["5.0 %", "–"], ["1 EUR = 1.13 USD"], ["18,73 Bio. US$", "5"], ["1999", "2024"], ["−3"]]) {
    assert.equal(isNumericColumn(cells), true, cells.join());
  }
  for (const cells of [["2024-01-01"], ["1.9", "1.10"], ["China"], [""], ["Q1 2024"], ["3M", "Apple"]]) {
    assert.equal(isNumericColumn(cells), false, cells.join());
  }
});
