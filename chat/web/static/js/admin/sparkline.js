// A small line of a figure's history. Decoration: the figure beside it says the same in words.

import { html } from "../view.js";

const WIDTH = 96;
const HEIGHT = 24;

export function Sparkline({ samples, name }) {
  if (samples.length < 2) return html`<svg class="sparkline" aria-hidden="true" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} />`;
  return html`<svg class="sparkline" aria-hidden="true" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`}>
    <polyline points=${pointsOf(samples, name)} />
  </svg>`;
}

/** Return the points of the line, at most one a pixel. It fills its height only for a change of 5 % or more. */
export function pointsOf(samples, name) {
  const [first, last] = [samples[0].at, samples[samples.length - 1].at];
  const values = samples.map((each) => each[name]);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const height = Math.max(most - least, most * 0.05, 1);
  const step = Math.max(1, Math.ceil(samples.length / WIDTH));
  return samples
    .filter((_, index) => index % step === 0 || index === samples.length - 1)
    .map((each) => {
      const x = ((each.at - first) / Math.max(1, last - first)) * WIDTH;
      const y = HEIGHT - 2 - ((each[name] - least) / height) * (HEIGHT - 4);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(" ");
}
