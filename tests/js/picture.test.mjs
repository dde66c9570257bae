import assert from "node:assert/strict";
import { test } from "node:test";

/** All text drawn on a canvas: [text, x, alignment, direction]. */
const written = [];

class Pen {
  textAlign = "left";
  direction = "ltr";
  measureText(text) {
    return { width: 8 * text.length };
  }
  fillText(text, x) {
    written.push([text, x, this.textAlign, this.direction]);
  }
}
for (const name of ["scale", "fillRect", "save", "restore", "translate", "beginPath", "moveTo", "lineTo", "stroke"]) {
  Pen.prototype[name] = () => {};
}
for (const name of ["arc", "fill"]) Pen.prototype[name] = () => {};
globalThis.Path2D = class {};
globalThis.document = /** @type {any} */ ({
  createElement: () => ({ getContext: () => new Pen(), toBlob: (done) => done("picture") }),
});
const { pictureOf } = await import("../../chat/web/static/js/chart/picture.js");

async function drawn(title, source, name = "China") {
  written.length = 0;
  const points = [
    ["2023", 5],
    ["2024", 4],
  ];
  const chart = { title, unit: "%", kind: "line", x: "year", series: [{ name, points }] };
  await pictureOf(chart, [source], { series: ["red"] }, "serif");
  return (text) => written.find(([each]) => each.includes(text))?.slice(1);
}

test("what is written from left to right begins at the left, the unit after the title", async () => {
  const at = await drawn("GDP growth", "Source: World Bank");
  assert.deepEqual(at("GDP growth"), [32, "left", "ltr"]);
  assert.deepEqual(at("%"), [32 + 80 + 10, "left", "ltr"]);
  assert.deepEqual(at("Source"), [32, "left", "ltr"]);
});

test("a title and a source from right to left begin at the right, the unit before them", async () => {
  const title = "صادرات (% من GDP) 2024";
  const at = await drawn(title, "المصدر: World Bank (2024)", "الصين (China)");
  assert.deepEqual(at(title), [880 - 32, "right", "rtl"]);
  assert.deepEqual(written[1], ["%", 880 - 32 - 8 * title.length - 10, "right", "ltr"]);
  assert.deepEqual(at("المصدر"), [880 - 32, "right", "rtl"]);
  assert.ok(at("\u2068الصين (China)\u2069  "), "a series' name is kept apart from its figure");
});

test("a source of another direction than the title has its own", async () => {
  const at = await drawn("صادرات", "Source: World Bank");
  assert.deepEqual(at("Source"), [32, "left", "ltr"]);
});
