// The horizontal axis: years and dates as numbers, and which to label. Pure functions, in UTC.

import { niceTicks } from "./scale.js";

const DAY_MS = 86_400_000;
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120, 240];
const DAY_STEPS = [1, 2, 5, 7, 14];

/** Convert a point's label to a number: a year, or a date in milliseconds; NaN for anything else. */
export function toNumber(label, x) {
  if (x === "year") return /^-?\d{1,4}$/.test(label.trim()) ? Number(label) : Number.NaN;
  return /^\d{4}-\d{2}-\d{2}/.test(label) ? Date.parse(label.slice(0, 10)) : Number.NaN;
}

/** Return at most `most` labels between two numbers, ascending: `{at, form}`, where `form` is the date format. */
export function timeTicks(low, high, x, most) {
  if (x === "year") return yearTicks(low, high, most);
  const days = (high - low) / DAY_MS;
  return days <= most * 14 && days < 70 ? dayTicks(low, high, most) : monthTicks(low, high, most);
}

function yearTicks(low, high, most) {
  if (low === high) return [{ at: low, form: "year" }];
  for (let count = Math.max(2, most); count >= 2; count -= 1) {
    const inside = niceTicks(low, high, count).filter((at) => at >= low && at <= high && Number.isInteger(at));
    if (inside.length <= most && inside.length > 0) return inside.map((at) => ({ at, form: "year" }));
  }
  return [{ at: high, form: "year" }];
}

function dayTicks(low, high, most) {
  const days = (high - low) / DAY_MS;
  const step = DAY_STEPS.find((each) => days / each + 1 <= most) ?? DAY_STEPS[DAY_STEPS.length - 1];
  const ticks = [];
  for (let at = low; at <= high; at += step * DAY_MS) ticks.push({ at, form: "day" });
  return ticks;
}

function monthTicks(low, high, most) {
  const first = new Date(low);
  const months = ((high - low) / DAY_MS / 365.25) * 12;
  const step = MONTH_STEPS.find((each) => months / each + 1 <= most) ?? MONTH_STEPS[MONTH_STEPS.length - 1];
  const ticks = [];
  const start = Math.floor((first.getUTCFullYear() * 12 + first.getUTCMonth()) / step) * step;
  for (let month = start; ; month += step) {
    const at = Date.UTC(Math.floor(month / 12), month % 12, 1);
    if (at > high) return ticks;
    if (at >= low) ticks.push({ at, form: step >= 12 ? "year" : month % 12 === 0 ? "month-year" : "month" });
  }
}
