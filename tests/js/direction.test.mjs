import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { directionOf, isolated } from "../../chat/web/static/js/markdown/direction.js";

test("the direction of a text is that of most letters, otherwise that of the first", () => {
  const cases = [
    ["", "auto"],
    ["2024: 5.0%", "auto"],
    ["Plain words", "auto"],
    ["٦٫٥٪", "auto"],
    ["، ؟ ۱۲", "auto"],
    ["٦٫٥٪ من", "rtl"],
    ["نما الاقتصاد بنسبة 5.0% في عام 2024، وفق World Bank.", "rtl"],
    ["OpenAI היא חברה", "rtl"],
    ["The word שלום in English", "auto"],
  ];
  for (const [text, direction] of cases) assert.equal(directionOf(text), direction, text);
});

test("a right-to-left title is isolated from the sentence around it", () => {
  assert.equal(isolated("GDP"), "GDP");
  assert.equal(isolated("الصين (GDP)"), "\u2068الصين (GDP)\u2069");
});

test("the style sheets use logical directions, not left and right", () => {
  const folder = new URL("../../chat/web/static/css/", import.meta.url);
  const physical =
    /(?:margin|padding|border)-(?:left|right)\b|^\s*(?:left|right):|text-align: (?:left|right)|float: (?:left|right)/;
  // Numbers are aligned to the right in every language, and a cell's direction is not its table's.
  const figures = readFileSync(new URL("table.css", folder), "utf8").match(new RegExp(physical, "gm")) ?? [];
  assert.equal(figures.length, 8);
  for (const name of readdirSync(folder)) {
    if (name === "table.css") continue;
    const lines = readFileSync(new URL(name, folder), "utf8").split("\n");
    assert.deepEqual(
      lines.filter((line) => physical.test(line)),
      [],
      name,
    );
  }
});
