// Scales and ticks: from values to positions, and which values to label. Pure functions.

const STEPS = [1, 2, 2.5, 5, 10];

/** Return about `count` round values that span `low` to `high`, ascending. */
export function niceTicks(low, high, count) {
  const [from, to] = low === high ? around(low) : [low, high];
  const step = niceStep((to - from) / Math.max(1, count - 1));
  const ticks = [];
  const first = Math.floor(from / step + 1e-9);
  const last = Math.ceil(to / step - 1e-9);
  for (let index = first; index <= last; index += 1) ticks.push(Number((index * step).toPrecision(12)));
  return ticks;
}

function around(value) {
  const reach = Math.abs(value) / 2 || 1;
  return [value - reach, value + reach];
}

function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  // Rather a few more ticks than half as many.
  return (STEPS.find((step) => step * power >= rough * 0.8) ?? 10) * power;
}

/**
 * Return the value axis of `values`: `{low, high, ticks}`. Bars start at zero. A line need not, unless zero is near:
 * an axis that starts just below the lowest value makes small changes look large.
 */
export function valueAxis(values, kind, count = 5) {
  let low = Math.min(...values);
  let high = Math.max(...values);
  const near = kind === "bar" || Math.min(Math.abs(low), Math.abs(high)) < (high - low) * 0.6;
  if (near) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  const ticks = niceTicks(low, high, count);
  return { low: ticks[0], high: ticks.at(-1), ticks };
}

/**
 * Return a logarithmic axis for positive values: powers of ten, and in a small range also their multiples of 2 and 5.
 */
export function logAxis(values, count = 5) {
  const least = Math.min(...values);
  const most = Math.max(...values);
  const first = Math.floor(Math.log10(least));
  const last = Math.ceil(Math.log10(most));
  const factors = last - first > count ? [1] : [1, 2, 5];
  const all = [];
  for (let power = first; power <= last; power += 1) {
    for (const factor of factors) all.push(Number((factor * 10 ** power).toPrecision(12)));
  }
  const from = Math.max(
    0,
    all.findLastIndex((tick) => tick <= least),
  );
  const to = all.findIndex((tick) => tick >= most);
  const inside = all.slice(from, (to < 0 ? all.length : to) + 1);
  const ticks = inside.length > 1 ? inside : [inside[0], inside[0] * 10];
  const every = Math.ceil(ticks.length / (2 * count));
  return { low: ticks[0], high: ticks.at(-1), ticks: ticks.filter((_, index) => index % every === 0) };
}

/** Return a logarithmic mapping from the positive range `from` to the range `to`. */
export function logarithmic([from0, from1], to) {
  const place = linear([Math.log10(from0), Math.log10(from1)], to);
  return (value) => place(Math.log10(value));
}

/** Return a linear mapping from the range `from` to the range `to`. */
export function linear([from0, from1], [to0, to1]) {
  const factor = from1 === from0 ? 0 : (to1 - to0) / (from1 - from0);
  return (value) => to0 + (value - from0) * factor;
}

/** Return the index of the position nearest to `position`; `positions` are ascending. */
export function nearest(positions, position) {
  let low = 0;
  let high = positions.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (positions[middle] <= position) low = middle;
    else high = middle;
  }
  return high >= 0 && position - positions[low] > positions[high] - position ? high : low;
}
