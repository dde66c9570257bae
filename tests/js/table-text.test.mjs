import assert from "node:assert/strict";
import { test } from "node:test";

import { figureOf, nextDirection, sortedRows, toTsv } from "../../chat/web/static/js/table/table-text.js";

const column = (rows, index = 0) => rows.map((row) => row[index]);
const sorted = (cells, direction = "ascending") =>
  column(
    sortedRows(
      cells.map((cell) => [cell]),
      0,
      direction,
      "en",
    ),
  );

test("figures are sorted by their size, whatever is written around them", () => {
  assert.deepEqual(sorted(["10", "9", "-3", "1,200"]), ["-3", "9", "10", "1,200"]);
  assert.deepEqual(sorted(["18.7 trillion", "950 billion", "2 million"]), [
    "2 million",
    "950 billion",
    "18.7 trillion",
  ]);
  assert.deepEqual(sorted(["US$ 5", "$4", "€3"]), ["€3", "$4", "US$ 5"]);
  assert.deepEqual(sorted(["5.0 %", "−0.2 %", "6.5 %"], "descending"), ["6.5 %", "5.0 %", "−0.2 %"]);
});

test("words are sorted as a reader would, and what is empty comes last either way", () => {
  assert.deepEqual(sorted(["Zürich", "östlich", "apple", "Item 10", "Item 9"]), [
    "apple",
    "Item 9",
    "Item 10",
    "östlich",
    "Zürich",
  ]);
  assert.deepEqual(sorted(["–", "2", "", "1"]).slice(0, 2), ["1", "2"]);
  assert.deepEqual(sorted(["–", "2", "", "1"], "descending").slice(0, 2), ["2", "1"]);
});

test("a third click brings the order back", () => {
  const clicks = [null];
  for (let click = 0; click < 3; click += 1) clicks.push(nextDirection(clicks.at(-1)));
  assert.deepEqual(clicks, [null, "ascending", "descending", null]);
});

test("what is not a figure has none", () => {
  for (const cell of ["", "China", "–", "v1.2", "n/a"]) assert.equal(figureOf(cell), null, cell);
  assert.equal(figureOf("3"), 3);
});

test("what is pasted into a spreadsheet is taken apart, and no cell of it is a formula", () => {
  assert.equal(toTsv([["a\tb", "=c"]]), "a b\t'=c");
});
