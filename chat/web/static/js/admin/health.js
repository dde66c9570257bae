// A judgement on the workers: how many are well, and what is wrong with the others.

import { keyOf, slopeOf } from "./history.js";

export const GROWTH_BYTES = 1_000_000;
const LAG_MS = 250;
const RECENT_MS = 5 * 60_000;

/**
 * Return `{well, problems}`. A problem is `{kind, worker, value}`: `stale` (seconds since its report), `blocked` (how
 * often in five minutes), `lag` (ms), `grows` (bytes per minute). Each worker has its worst one only.
 */
export function healthOf(report, history) {
  const now = Date.parse(report.at);
  const problems = report.workers.map((worker) => problemOf(worker, history[keyOf(worker)] ?? [], now));
  const known = problems.filter((each) => each !== null);
  return { well: report.workers.length - known.length, problems: known };
}

function problemOf(worker, samples, now) {
  if (worker.stale) return { kind: "stale", worker, value: Math.round((now - Date.parse(worker.reported_at)) / 1000) };
  const blocked = worker.blocked.filter((each) => now - Date.parse(each.at) < RECENT_MS);
  if (blocked.length > 0) return { kind: "blocked", worker, value: blocked.length };
  if (worker.loop_lag_ms > LAG_MS) return { kind: "lag", worker, value: worker.loop_lag_ms };
  const growth = slopeOf(samples, "rss");
  return growth !== null && growth >= GROWTH_BYTES ? { kind: "grows", worker, value: growth } : null;
}
