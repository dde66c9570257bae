import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { directionOf, isolated } from "../../chat/web/static/js/markdown/direction.js";

test("words run the way most of them are written, or else as they begin", () => {
  const cases = [
    ["", "auto"],
    ["2024: 5.0%", "auto"],
    ["Plain words", "auto"],
    ["نما الاقتصاد بنسبة 5.0% في عام 2024، وفق World Bank.", "rtl"],
    ["OpenAI היא חברה", "rtl"],
    ["The word שלום in English", "auto"],
  ];
  for (const [text, direction] of cases) assert.equal(directionOf(text), direction, text);
});

test("a title from right to left is kept apart from the sentence around it", () => {
  assert.equal(isolated("GDP"), "GDP");
  assert.equal(isolated("الصين (GDP)"), "\u2068الصين (GDP)\u2069");
});

test("the style sheets know a beginning and an end, and neither left nor right", () => {
  const folder = new URL("../../chat/web/static/css/", import.meta.url);
  const physical =
    /(?:margin|padding|border)-(?:left|right)\b|^\s*(?:left|right):|text-align: (?:left|right)|float: (?:left|right)/;
  // Figures stand under each other by their last digit in every language.
  const figures = readFileSync(new URL("table.css", folder), "utf8").match(new RegExp(physical, "gm")) ?? [];
  assert.equal(figures.length, 3);
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
