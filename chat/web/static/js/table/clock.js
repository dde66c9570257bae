// Clock times and lengths of time with colons, "14:30", "1:15 PM", "8am", "1:02:03", in seconds. Pure.

const CLOCK =
  /^([-+−]?)(\d+)(?::([0-5]\d))?(?::([0-5]\d)(?:\.\d+)?)?\s*(?:h|min|Uhr|([ap])\.?m\.?)?(?:\s*(?:[–—-]|to|bis)\s*(.+))?$/i;
/** Hours of a clock have two digits where seconds follow. */
const LENGTH = /^\d:[0-5]\d:[0-5]\d\b/;

/** Return the seconds of each cell, null for no time. In a column with "1:02:03", "3:05" is minutes and seconds. */
export function timesOf(cells) {
  const size = cells.some((cell) => LENGTH.test(cell)) ? 60 : 3600;
  return cells.map((cell) => timeOf(cell, size)?.at ?? null);
}

/** Return `{at, half}` of a time or of the beginning of a span. */
function timeOf(cell, size) {
  const match = CLOCK.exec(cell);
  if (!match) return null;
  const [, sign, hours, minutes, seconds, own, rest] = match;
  const end = rest === undefined ? null : timeOf(rest, size);
  const half = (own ?? end?.half)?.toLowerCase();
  if ((rest !== undefined && !end) || (minutes === undefined && half === undefined)) return null;
  const hour = half === undefined ? Number(hours) : (Number(hours) % 12) + (half === "p" ? 12 : 0);
  const first = seconds === undefined ? size : 3600;
  let at = (hour * first + Number(minutes ?? 0) * (first / 60) + Number(seconds ?? 0)) * (/[-−]/.test(sign) ? -1 : 1);
  // "11:00–1:00 PM" begins before noon.
  if (end && own === undefined && half && at > end.at) at -= 12 * 3600;
  return { at, half };
}
