// A short history of each worker's figures, collected while the page is open, and its slope.

const KEPT_MS = 30 * 60_000;
const SLOPE_MS = 10 * 60_000;
const LEAST_MS = 2 * 60_000;
const LEAST_SAMPLES = 12;

/** Return the name of a worker, which no other has. */
export const keyOf = (worker) => `${worker.server} ${worker.host}:${worker.pid}`;

/**
 * Return the history with a report added; of workers that are gone, it has nothing.
 * @param {Record<string, {at: number, rss: number, lag: number}[]>} history
 */
export function withReport(history, report) {
  const at = Date.parse(report.at);
  return Object.fromEntries(
    report.workers.map((worker) => {
      const before = (history[keyOf(worker)] ?? []).filter((each) => each.at > at - KEPT_MS && each.at < at);
      return [keyOf(worker), [...before, { at, rss: worker.rss_bytes, lag: worker.loop_lag_ms }]];
    }),
  );
}

/**
 * Return the growth of a figure in the last ten minutes, per minute, by least squares; null before there is enough to
 * tell. A step up that stays is no growth: the second half must grow, too.
 */
export function slopeOf(samples, name) {
  const last = samples.at(-1)?.at ?? 0;
  const recent = samples.filter((each) => each.at >= last - SLOPE_MS);
  if (recent.length < LEAST_SAMPLES || last - recent[0].at < LEAST_MS) return null;
  const whole = leastSquares(recent, name);
  const half = leastSquares(recent.slice(Math.floor(recent.length / 2)), name);
  return Math.sign(whole) === Math.sign(half) ? Math.sign(whole) * Math.min(Math.abs(whole), Math.abs(half)) : 0;
}

function leastSquares(samples, name) {
  const minutes = samples.map((each) => (each.at - samples[0].at) / 60_000);
  const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const [middle, level] = [mean(minutes), mean(samples.map((each) => each[name]))];
  const above = samples.reduce((sum, each, index) => sum + (minutes[index] - middle) * (each[name] - level), 0);
  const below = minutes.reduce((sum, each) => sum + (each - middle) ** 2, 0);
  return below === 0 ? 0 : above / below;
}
