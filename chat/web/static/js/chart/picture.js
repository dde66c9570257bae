// A chart as a picture to keep: title, legend, plot and sources on a canvas, twice as fine as the screen.

import { figure } from "./format.js";
import { layOut } from "./plot.js";
import { placeLabel } from "./rows.js";

const SIZE = { width: 880, plot: 400, scale: 2, margin: 32 };
const LINE = 22;

/** A PNG as a Blob. `colours` is {page, text, muted, line, zero, series: [six]}; `sources` are sentences. */
export function pictureOf(chart, sources, colours, font) {
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  const notes = wrapped(pen, sources, font);
  const height = SIZE.margin * 2 + 64 + SIZE.plot + notes.length * LINE;
  canvas.width = SIZE.width * SIZE.scale;
  canvas.height = height * SIZE.scale;
  pen.scale(SIZE.scale, SIZE.scale);
  pen.fillStyle = colours.page;
  pen.fillRect(0, 0, SIZE.width, height);
  const plot = layOut(chart, SIZE.width - 2 * SIZE.margin, SIZE.plot);
  drawHead(pen, chart, plot, colours, font);
  pen.save();
  pen.translate(SIZE.margin, SIZE.margin + 60);
  drawAxes(pen, plot, colours, font);
  drawMarks(pen, plot, colours);
  pen.restore();
  notes.forEach((note, index) => {
    const y = SIZE.margin + 64 + SIZE.plot + (index + 0.7) * LINE;
    write(pen, note, SIZE.margin, y, `13px ${font}`, colours.muted);
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

function drawHead(pen, chart, plot, colours, font) {
  const { margin } = SIZE;
  const width = write(pen, chart.title, margin, margin + 12, `600 20px ${font}`, colours.text);
  write(pen, chart.unit, margin + width + 10, margin + 12, `16px ${font}`, colours.muted);
  let x = margin;
  chart.series.forEach(({ name }, index) => {
    const place = plot.values[index].findLastIndex((value) => value !== null);
    if (place < 0) return;
    pen.fillStyle = colours.series[index % colours.series.length];
    pen.fillRect(x, margin + 30, 11, 11);
    const latest = `${figure(plot.values[index][place], chart.unit)} (${placeLabel(plot.places[place], chart.x)})`;
    x += 18 + write(pen, `${name}  ${latest}`, x + 18, margin + 41, `14px ${font}`, colours.text) + 22;
  });
}

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

function drawMarks(pen, plot, colours) {
  const colour = (index) => colours.series[index % colours.series.length];
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

/** The sentences in lines that fit. */
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
