// Bytes, times and counts as people write them in a language.

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** Return a size such as "96.5 MB". */
export function bytes(value, locale) {
  const size = Math.abs(value);
  const step = size < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(size) / Math.log(1000)));
  const shown = value / 1000 ** step;
  const digits = step > 0 && Math.abs(shown) < 100 ? 1 : 0;
  return `${shown.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${UNITS[step]}`;
}

/** Return milliseconds such as "0.4 ms", "240 ms" or "1.3 s". */
export function milliseconds(value, locale) {
  if (value >= 1000) return `${(value / 1000).toLocaleString(locale, { maximumFractionDigits: 1 })} s`;
  return `${value.toLocaleString(locale, { maximumFractionDigits: value < 10 ? 1 : 0 })} ms`;
}

/** Return a duration in its largest unit, such as "3 min". `units` are [seconds, minutes, hours, days]. */
export function duration(seconds, locale, units) {
  const step = [60, 3600, 86_400].filter((each) => seconds >= each).length;
  const size = [1, 60, 3600, 86_400][step];
  return `${Math.floor(seconds / size).toLocaleString(locale)} ${units[step]}`;
}
