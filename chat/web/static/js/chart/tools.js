// The buttons of a chart, and its legend, which shows and hides series.

import { strings } from "../strings/index.js";
import { html } from "../view.js";
import { offersOf, rangesOf, toggled } from "./choices.js";
import { figure } from "./format.js";
import { placeLabel } from "./rows.js";

export const colour = (index) => `series-${index % 6}`;

/** Return the index of a series' last value. */
export function latestIndex(values) {
  return values.findLastIndex((value) => value !== null);
}

/** Range, form and scale. `onEnlarge` is missing in the enlarged view. */
export function Tools({ chart, choice, onChoose, onEnlarge }) {
  const labels = strings.chart;
  const ranges = rangesOf(chart);
  const offers = offersOf(chart);
  const choose = (change) => () => onChoose({ ...choice, ...change });
  const form = (name) => ({
    pressed: choice.form === name,
    run: choose({ form: choice.form === name ? "value" : name }),
  });
  return html`
    <div class="chart-tools" role="toolbar" aria-label=${labels.tools(chart.title)}>
      ${
        ranges.length > 0 &&
        html`<span role="group" aria-label=${labels.ranges}>
          ${[...ranges, null].map(
            (months) => html`<${Choice}
              word=${months === null ? labels.all : labels.range(months)}
              label=${months === null ? labels.allLabel : labels.rangeLabel(months)}
              pressed=${choice.months === months}
              run=${choose({ months })}
            />`,
          )}
        </span>`
      }
      ${offers.form && html`<${Choice} word=${labels.index} label=${labels.indexLabel} ...${form("index")} />`}
      ${offers.form && html`<${Choice} word=${labels.change} label=${labels.changeLabel} ...${form("change")} />`}
      ${
        offers.log &&
        html`<${Choice}
          word=${labels.log}
          label=${labels.logLabel}
          pressed=${choice.log && choice.form !== "change"}
          disabled=${choice.form === "change"}
          run=${choose({ log: !choice.log })}
        />`
      }
      ${
        onEnlarge &&
        html`<button type="button" class="plain-button" aria-label=${labels.enlargeLabel(chart.title)} onClick=${onEnlarge}>
          ${labels.enlarge}
        </button>`
      }
    </div>
  `;
}

function Choice({ word, label, pressed, disabled = false, run }) {
  return html`
    <button
      type="button"
      class="plain-button"
      aria-label=${`${word}: ${label}`}
      title=${label}
      aria-pressed=${String(pressed)}
      disabled=${disabled}
      onClick=${run}
    >
      ${word}
    </button>
  `;
}

/**
 * The values at the pointer or keyboard position, otherwise the latest ones. `shown` is the chart in its present view.
 */
export function Legend({ chart, shown, plot, pointed, choice, onChoose }) {
  const place = pointed ?? Math.max(...plot.values.map(latestIndex));
  return html`
    <div class="legend">
      <span class="date" aria-hidden="true">${placeLabel(plot.places[place], chart.x)}</span>
      ${chart.series.map(({ name }, index) => {
        const at = shown.series.findIndex((series) => series.colour === index);
        const value = at < 0 ? null : figure(plot.values[at][place], shown.unit);
        const inside = html`<span class="swatch ${colour(index)}"></span><bdi>${name}</bdi> <b>${value}</b>`;
        if (chart.series.length === 1) return html`<span class="entry" aria-hidden="true">${inside}</span>`;
        return html`
          <button
            type="button"
            class="entry"
            aria-pressed=${String(!choice.hidden.includes(index))}
            title=${strings.chart.toggle(name)}
            onClick=${() => onChoose(toggled(choice, index, chart.series.length))}
          >
            ${inside}
          </button>
        `;
      })}
    </div>
  `;
}
