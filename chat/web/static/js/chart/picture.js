// A chart as a picture: title, legend, plot and sources on a canvas at twice the screen's resolution.

import { isolated, isRightToLeft } from "../markdown/direction.js";
import { figure } from "./format.js";
import { alignSeries, layOut } from "./plot.js";
import { placeLabel } from "./rows.js";

const SIZE = { width: 880, plot: 400, scale: 2, margin: 32 };
const LINE = 22;

/** Return a PNG as a Blob. `colours` is {page, text, muted, line, zero, series: [six]}; `sources` are sentences. */
export function pictureOf(chart, sources, colours, font) {
  const canvas = document.createElement("canvas");
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const notes = wrapped(pen, sources, font);
  const entries = legendOf(pen, chart, font);
  const head = 64 + (entries.at(-1)?.line ?? 0) * LINE;
  const height = SIZE.margin * 2 + head + SIZE.plot + notes.length * LINE;
  canvas.width = SIZE.width * SIZE.scale;
  canvas.height = height * SIZE.scale;
  pen.scale(SIZE.scale, SIZE.scale);
  pen.fillStyle = colours.page;
  pen.fillRect(0, 0, SIZE.width, height);
  // Only a drawn chart has a button for its picture.
  const plot = /** @type {any} */ (layOut(chart, SIZE.width - 2 * SIZE.margin, SIZE.plot));
  drawHead(pen, chart, entries, colours, font);
  pen.save();
  pen.translate(SIZE.margin, SIZE.margin + head - 4);
  drawAxes(pen, plot, colours, font);
  drawMarks(pen, chart, plot, colours);
  pen.restore();
  notes.forEach((note, index) => {
    const y = SIZE.margin + head + SIZE.plot + (index + 0.7) * LINE;
    writeLine(pen, [[note, `13px ${font}`, colours.muted]], y);
  });
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function write(pen, text, x, y, font, colour, align = "left") {
  pen.font = font;
  pen.fillStyle = colour;
  pen.textAlign = align;
  pen.fillText(text, x, y);
  return pen.measureText(text).width;
}

/** Write pieces `[text, font, colour]` in a row, from the side on which the first one begins. */
function writeLine(pen, pieces, y) {
  const backward = isRightToLeft(pieces[0][0]);
  let x = backward ? SIZE.width - SIZE.margin : SIZE.margin;
  for (const [text, font, colour] of pieces) {
    pen.direction = isRightToLeft(text) ? "rtl" : "ltr";
    const width = write(pen, text, x, y, font, colour, backward ? "right" : "left");
    x += (width + 10) * (backward ? -1 : 1);
  }
  pen.direction = "ltr";
}

function drawHead(pen, chart, entries, colours, font) {
  const { margin } = SIZE;
  const title = [chart.title, `600 20px ${font}`, colours.text];
  writeLine(pen, [title, [chart.unit, `16px ${font}`, colours.muted]], margin + 12);
  for (const { index, words, x, line } of entries) {
    const y = margin + 30 + line * LINE;
    pen.fillStyle = colourOf(chart, colours, index);
    pen.fillRect(x, y, 11, 11);
    write(pen, words, x + 18, y + 11, `14px ${font}`, colours.text);
  }
}

/** Return the series with their latest values, placed in as many lines as needed. */
function legendOf(pen, chart, font) {
  const { places, values } = alignSeries(chart);
  pen.font = `14px ${font}`;
  let [x, line] = [SIZE.margin, 0];
  return chart.series.flatMap(({ name }, index) => {
    const place = values[index].findLastIndex((value) => value !== null);
    if (place < 0) return [];
    const words = `${isolated(name)}  ${figure(values[index][place], chart.unit)} (${placeLabel(places[place], chart.x)})`;
    const width = 40 + pen.measureText(words).width;
    if (x > SIZE.margin && x + width > SIZE.width - SIZE.margin) [x, line] = [SIZE.margin, line + 1];
    const entry = { index, words, x, line };
    x += width;
    return [entry];
  });
}

const colourOf = (chart, colours, index) =>
  colours.series[(chart.series[index].colour ?? index) % colours.series.length];

function drawAxes(pen, { frame, yTicks, xTicks, zero }, colours, font) {
  pen.strokeStyle = colours.line;
  pen.lineWidth = 1;
  for (const { at, label } of yTicks) {
    stroke(pen, [frame.left, at, frame.right, at]);
    write(pen, label, frame.left - 8, at + 4, `12px ${font}`, colours.muted, "right");
  }
  if (zero !== null) {
    pen.strokeStyle = colours.zero;
    stroke(pen, [frame.left, zero, frame.right, zero]);
  }
  for (const { at, label } of xTicks) {
    write(pen, label, Math.min(at, frame.right - 6), frame.bottom + 18, `12px ${font}`, colours.muted, "center");
  }
}

function stroke(pen, [x1, y1, x2, y2]) {
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
}

function drawMarks(pen, chart, plot, colours) {
  const colour = (index) => colourOf(chart, colours, index);
  for (const { series, x, y, width, height } of plot.bars) {
    pen.fillStyle = colour(series);
    pen.fillRect(x, y, width, height);
  }
  pen.lineWidth = 2.5;
  pen.lineJoin = "round";
  plot.lines.forEach((path, index) => {
    pen.strokeStyle = colour(index);
    pen.stroke(new Path2D(path));
  });
  for (const { series, cx, cy } of plot.dots) {
    pen.fillStyle = colour(series);
    pen.beginPath();
    pen.arc(cx, cy, 3, 0, 2 * Math.PI);
    pen.fill();
  }
}

/** Wrap the sentences to lines. */
function wrapped(pen, sentences, font) {
  pen.font = `13px ${font}`;
  const room = SIZE.width - 2 * SIZE.margin;
  return sentences.flatMap((sentence) => {
    const lines = [""];
    for (const word of sentence.split(" ")) {
      const longer = `${lines.at(-1)} ${word}`.trim();
      if (pen.measureText(longer).width <= room || lines.at(-1) === "") lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines;
  });
}
