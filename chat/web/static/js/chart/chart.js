// A line or bar chart in SVG. The line above it shows the values at the pointer or the keyboard position, otherwise the
// latest ones. The view can be changed, enlarged, and saved as a picture or as data.

import { download } from "../browser/download.js";
import { Dialog } from "../components/dialogs/dialog.js";
import { strings } from "../strings/index.js";
import { Table } from "../table/table.js";
import { html, memo, useLayoutEffect, useMemo, useRef, useState } from "../view.js";
import { AS_GIVEN, chosenChart } from "./choices.js";
import { figure } from "./format.js";
import { pictureOf } from "./picture.js";
import { layOut } from "./plot.js";
import { dataFile, readableTable, placeLabel as when } from "./rows.js";
import { nearest } from "./scale.js";
import { colour, Legend, latestIndex, Tools } from "./tools.js";

const HEIGHT = 216;
/** The view selected for a chart, for when it is drawn again. */
const choices = new WeakMap();

/** `sources` are sentences that name the sources; they are part of a saved picture or file. */
export const Chart = memo(({ chart, heading, sources = [] }) => {
  const [choice, setChoice] = useState(choices.get(chart) ?? AS_GIVEN);
  const [large, setLarge] = useState(false);
  const shown = useMemo(() => chosenChart(chart, choice), [chart, choice]);
  const onChoose = (next) => {
    choices.set(chart, next);
    setChoice(next);
  };
  const common = { chart, shown, choice, onChoose, sources };
  const close = () => setLarge(false);
  return html`
    <section class="chart">
      <${heading} class="chart-title" dir="auto">
        ${chart.title} ${shown.unit && html`<span class="unit">${shown.unit}</span>`}
      <//>
      <${Body} ...${common} height=${HEIGHT} onEnlarge=${() => setLarge(true)} />
      ${
        large &&
        html`<${Dialog} title=${chart.title || strings.result.untitled} kind="large-chart" onClose=${close}>
          <p class="chart-title"><span class="unit">${shown.unit}</span></p>
          <${Body} ...${common} height=${Math.max(HEIGHT, innerHeight - (innerWidth < 600 ? 400 : 290))} />
        <//>`
      }
    </section>
  `;
});

function Body({ chart, shown, choice, onChoose, sources, height, onEnlarge }) {
  const frame = useRef(null);
  const [width, setWidth] = useState(0);
  const [pointed, setPointed] = useState(null);
  useLayoutEffect(() => observeWidth(frame.current, setWidth), []);
  useLayoutEffect(() => setPointed(null), [shown]);
  const plot = useMemo(() => (width > 0 ? layOut(shown, width, height) : null), [shown, width, height]);
  const at = pointed !== null && pointed < (plot?.places.length ?? 0) ? pointed : null;
  return html`
    ${plot && html`<${Legend} chart=${chart} shown=${shown} plot=${plot} pointed=${at} choice=${choice} onChoose=${onChoose} />`}
    <div class="plot" ref=${frame}>
      ${width > 0 && !plot && html`<p class="muted">${strings.chart.empty}</p>`}
      ${plot && html`<${Plot} chart=${shown} plot=${plot} size=${{ width, height }} pointed=${at} onPoint=${setPointed} />`}
    </div>
    ${width > 0 && html`<${Tools} chart=${chart} choice=${choice} onChoose=${onChoose} onEnlarge=${onEnlarge} />`}
    <div class="chart-foot">
      <${Figures} chart=${shown} />
      ${plot && html`<${Downloads} chart=${chart} shown=${shown} sources=${sources} frame=${frame} />`}
    </div>
  `;
}

function Plot({ chart, plot, size: { width, height }, pointed, onPoint }) {
  const point = (event) => {
    const left = event.currentTarget.getBoundingClientRect().left;
    onPoint(nearest(plot.positions, event.clientX - left));
  };
  return html`
    <svg
      width=${width}
      height=${height}
      viewBox=${`0 0 ${width} ${height}`}
      role="img"
      tabindex="0"
      aria-label=${description(chart, plot, pointed)}
      onPointerMove=${point}
      onPointerDown=${point}
      onPointerLeave=${(event) => event.pointerType === "mouse" && onPoint(null)}
      onKeyDown=${(event) => move(event, plot, pointed, onPoint)}
      onBlur=${() => onPoint(null)}
    >
      <${Axes} plot=${plot} /><${Marks} chart=${chart} plot=${plot} pointed=${pointed} />
    </svg>
  `;
}

function observeWidth(element, setWidth) {
  // Measure at once: an element that is far away or about to be printed is not observed.
  setWidth(element.clientWidth);
  const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
  observer.observe(element);
  return () => observer.disconnect();
}

const Axes = memo(
  ({ plot: { frame, yTicks, xTicks, zero } }) => html`
  <g class="axes">
    ${yTicks.map(
      ({ at, label }) => html`
        <line x1=${frame.left} x2=${frame.right} y1=${at} y2=${at} />
        <text class="value" x=${frame.left - 8} y=${at + 4}>${label}</text>
      `,
    )}
    ${zero !== null && html`<line class="zero" x1=${frame.left} x2=${frame.right} y1=${zero} y2=${zero} />`}
    ${xTicks.map(({ at, label }) => html`<${TimeLabel} at=${at} label=${label} frame=${frame} />`)}
  </g>
`,
);

/** A label at the right edge is aligned to it instead of being cut. */
function TimeLabel({ at, label, frame }) {
  const room = frame.right + 14;
  const cut = at + label.length * 3.4 > room;
  return html`<text class=${cut ? "time end" : "time"} x=${cut ? room : at} y=${frame.bottom + 18}>${label}</text>`;
}

function Marks({ chart, plot, pointed }) {
  const tint = (index) => colour(chart.series[index].colour);
  const { frame, positions, values, y } = plot;
  const x = pointed === null ? null : positions[pointed];
  return html`
    ${x !== null && html`<line class="cursor" x1=${x} x2=${x} y1=${frame.top} y2=${frame.bottom} />`}
    ${plot.bars.map(({ series, ...place }) => html`<rect class="bar ${tint(series)}" ...${place} />`)}
    ${plot.lines.map((path, index) => html`<path class="line ${tint(index)}" d=${path} />`)}
    ${plot.dots.map((dot) => html`<circle class="dot ${tint(dot.series)}" cx=${dot.cx} cy=${dot.cy} r="2.5" />`)}
    ${
      x !== null &&
      plot.lines.length > 0 &&
      values.map((each, index) =>
        each[pointed] === null
          ? null
          : html`<circle class="dot ${tint(index)}" cx=${x} cy=${y(each[pointed])} r="4" />`,
      )
    }
  `;
}

/** The description for screen readers; while keys move along the chart, only the current position. */
function description(chart, { places, values }, pointed) {
  if (pointed !== null) {
    const here = chart.series.map(({ name }, index) => `${name} ${figure(values[index][pointed], chart.unit)}`);
    return strings.chart.at(when(places[pointed], chart.x), here.join(", "));
  }
  const kind = strings.chart.description[chart.kind];
  const span = strings.chart.span(chart.title, kind, when(places[0], chart.x), when(places.at(-1), chart.x));
  const latest = chart.series.flatMap(({ name }, index) => {
    const place = latestIndex(values[index]);
    const value = place < 0 ? null : figure(values[index][place], chart.unit);
    return value === null ? [] : [strings.chart.latest(name, value, when(places[place], chart.x))];
  });
  return [span, ...latest, strings.chart.keys].join(" ");
}

const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: Number.NEGATIVE_INFINITY, End: Number.POSITIVE_INFINITY };

function move(event, { places }, pointed, setPointed) {
  if (event.key === "Escape" && pointed !== null) {
    event.stopPropagation();
    setPointed(null);
  }
  const step = STEPS[event.key];
  if (step === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const from = pointed ?? places.length - 1 - Math.sign(step);
  setPointed(Math.max(0, Math.min(places.length - 1, from + step)));
}

function Downloads({ chart, shown, sources, frame }) {
  const labels = strings.chart;
  const title = chart.title || strings.result.untitled;
  const picture = async () => {
    const colours = coloursOf(frame.current);
    const { fontFamily } = getComputedStyle(frame.current);
    download(`${title}.png`, "image/png", await pictureOf(shown, sources, colours, fontFamily));
  };
  const figures = () => download(`${title}.csv`, "text/csv;charset=utf-8", dataFile(chart, sources));
  return html`
    <button type="button" class="plain-button" aria-label=${labels.pngLabel(title)} onClick=${picture}>${labels.png}</button>
    <button type="button" class="plain-button" aria-label=${labels.csvLabel(title)} onClick=${figures}>
      ${strings.markdown.csv}
    </button>
  `;
}

/** The data as a table, made when it is opened. */
function Figures({ chart }) {
  const [open, setOpen] = useState(false);
  const table = useMemo(() => (open ? readableTable(chart) : null), [chart, open]);
  return html`
    <details class="figures" onToggle=${(event) => setOpen(event.currentTarget.open)}>
      <summary>${strings.chart.figures}</summary>
      ${table && html`<${Table} table=${table} plain />`}
    </details>
  `;
}

/** The colours of the light theme: a picture goes into a document, which is white. */
function coloursOf(element) {
  const probe = document.createElement("span");
  probe.style.colorScheme = "light";
  element.append(probe);
  const value = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const series = Array.from({ length: 6 }, (_, index) => value(`series-${index}`));
  const colours = {
    page: value("raised"),
    text: value("text"),
    muted: value("muted"),
    line: value("line"),
    zero: value("line-strong"),
    series,
  };
  probe.remove();
  return colours;
}
