// Numbers in table cells with sign, currency, scale and unit, in the writing of their column. Pure functions.

const SPACES = /[\u00a0\u2007\u2009\u202f]/g;
/** Digits with group and decimal separators. */
const DIGITS = String.raw`\d(?:[\d.,'’_]*\d)?(?: \d{3}(?!\d)(?:[.,]\d+)?)*`;
const BEFORE = String.raw`(?:[~≈<>≤≥=#]+|[Cc]a\.|c\.|[Cc]irca|[Aa](?:bout|pprox\.|round)|[Oo]ver|[Uu]nder|[Uu]p to|[Mm]ore than|[Ll]ess than|[Ee]twa|[Rr]und|[Üü]ber|[Uu]nter|[Bb]is zu|[Nn][or]\.)`;
const CURRENCY = String.raw`(?:[A-Z]{0,3}\p{Sc}|[A-Z]{2,3}(?!\p{L})|Rs\.?|kr\.?|zł|Fr\.?)`;
const FIGURE = new RegExp(
  `^(?:${BEFORE}\\s*)*(?<open>\\()?(?:${CURRENCY}\\s*)?(?<sign>[-+−–±▲▼↑↓]?)\\s*(?:${CURRENCY}\\s*)?` +
    `(?<digits>${DIGITS}|∞)(?:[eE](?<power>[-+]?\\d{1,3})(?![\\d\\p{L}]))?(?<rest>.*)$`,
  "su",
);
const CLOCK = /^([-+−]?)(\d+):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?(?:\s*(?:h|min|Uhr))?$/;
const SPELLED_TIME = /^(?:\d+(?:[.,]\d+)?\s*(?:d|days?|h|hrs?|hours?|m|min|minutes?|s|sec|seconds?)[\s,]*){2,}$/i;

/** Factors by the word after a number, exact or in lower case. Units that are comparable form a family. */
const FAMILIES = [
  { bit: 1 / 8, B: 1, byte: 1, bytes: 1, ...series("B", 1000), ...series("iB", 1024, "KMGTP"), KB: 1e3 },
  {
    mm: 1e-3,
    cm: 1e-2,
    dm: 0.1,
    m: 1,
    km: 1e3,
    in: 0.0254,
    inch: 0.0254,
    ft: 0.3048,
    yd: 0.9144,
    mi: 1609,
    miles: 1609,
  },
  { µg: 1e-6, mg: 1e-3, g: 1, kg: 1e3, t: 1e6, kt: 1e9, lb: 453.6, lbs: 453.6, oz: 28.35 },
  {
    ...{ ns: 1e-9, µs: 1e-6, μs: 1e-6, us: 1e-6, ms: 1e-3, s: 1, sec: 1, second: 1, seconds: 1, sekunden: 1 },
    ...{ m: 60, min: 60, mins: 60, minute: 60, minutes: 60, minuten: 60 },
    ...{ h: 3600, hr: 3600, hrs: 3600, hour: 3600, hours: 3600, stunde: 3600, stunden: 3600 },
    ...{ d: 86_400, day: 86_400, days: 86_400, tag: 86_400, tage: 86_400, week: 604_800, weeks: 604_800 },
    ...{ woche: 604_800, wochen: 604_800, month: 2_629_800, months: 2_629_800, monat: 2_629_800, monate: 2_629_800 },
    ...{ year: 31_557_600, years: 31_557_600, yr: 31_557_600, yrs: 31_557_600, jahr: 31_557_600, jahre: 31_557_600 },
  },
  { mW: 1e-3, W: 1, ...series("W", 1000) },
  { Wh: 1, ...series("Wh", 1000) },
  { J: 1, ...series("J", 1000) },
  { Hz: 1, ...series("Hz", 1000) },
  { ml: 1e-3, mL: 1e-3, cl: 1e-2, l: 1, L: 1, hl: 100 },
  { "mm²": 1e-6, "cm²": 1e-4, "m²": 1, ha: 1e4, "km²": 1e6 },
];
const SCALES = {
  ...{
    thousand: 1e3,
    tsd: 1e3,
    tausend: 1e3,
    k: 1e3,
    千: 1e3,
    万: 1e4,
    萬: 1e4,
    lakh: 1e5,
    crore: 1e7,
    亿: 1e8,
    億: 1e8,
  },
  ...{ million: 1e6, millions: 1e6, mn: 1e6, mio: 1e6, m: 1e6, mm: 1e6, millionen: 1e6, 百万: 1e6 },
  ...{ billion: 1e9, billions: 1e9, bn: 1e9, b: 1e9, g: 1e9, mrd: 1e9, md: 1e9, milliarde: 1e9, milliarden: 1e9 },
  ...{ trillion: 1e12, trillions: 1e12, tn: 1e12, t: 1e12, bio: 1e12, billionen: 1e12, 兆: 1e12 },
};

function series(unit, base, prefixes = "kMGTP") {
  return Object.fromEntries([...prefixes].map((prefix, index) => [`${prefix}${unit}`, base ** (index + 1)]));
}

/** Return each cell's value, null for no number. The column decides the writing of digits and the meaning of units. */
export function figuresOf(cells) {
  const parts = cells.map(partsOf);
  const decimal = decimalSign(parts) ?? ".";
  const family = familyOf(parts.filter(Boolean).map(({ unit }) => unit));
  return parts.map((part, index) => clockTime(cells[index]) ?? (part && worth(part, decimal, family)));
}

/** Return the decimal sign that these cells show, "." or ","; null if none does. */
export const decimalSignOf = (cells) => decimalSign(cells.map(partsOf));

/** Return whether a cell is only a number, with or without unit and currency. */
export function isFigure(cell) {
  const part = partsOf(cell);
  return part !== null && /^[^\d]{0,28}$/u.test(part.rest);
}

/** @returns {any} */
function partsOf(cell) {
  // In "1 EUR = 1.13 USD" the second number is the value.
  const plain = cell
    .replace(SPACES, " ")
    .replace(/^.{0,16}\S\s*[=≈]\s*(?=\S*\d)/u, "")
    .trim();
  const found = FIGURE.exec(plain)?.groups;
  if (!found) return null;
  const unit = /^\s*([\p{L}µ]+[²³]?)/u.exec(found.rest)?.[1] ?? "";
  const over = /^\s*\/\s*(\d+(?:[.,]\d+)?)/.exec(found.rest)?.[1];
  const past = /^\s*(?:BCE?\b|v\. ?(?:Chr|u\. ?Z)\.)/i.test(found.rest);
  const negative = /[-−–▼↓]/.test(found.sign) || (found.open && found.rest.trim().endsWith(")")) || past;
  return { ...found, unit, over, negative };
}

function worth({ digits, power = "0", unit, over, negative }, decimal, family) {
  if (digits === "∞") return negative ? -Infinity : Infinity;
  const size = numberOf(digits, decimal) * 10 ** Number(power) * (family(unit) ?? 1);
  const value = over === undefined ? size : size / (numberOf(over, decimal) || 1);
  if (!Number.isFinite(value)) return null;
  return negative ? -value : value;
}

function numberOf(digits, decimal) {
  const groups = decimal === "," ? /[. '’_]/g : /[, '’_]/g;
  return Number(digits.replace(groups, "").replace(",", "."));
}

const THOUSANDS = { ".": /^\d{1,3}(?:\.\d{3})+$/, ",": /^\d{1,3}(?:,\d{2,3})*,\d{3}$/ };

/** Return a column's decimal sign from its numbers; if "1.234" is ambiguous, from the text beside them. */
function decimalSign(parts) {
  const written = parts.filter(Boolean).map(({ digits }) => digits);
  let comma = 0;
  for (const digits of written) {
    const last = Math.max(digits.lastIndexOf("."), digits.lastIndexOf(","));
    if (last < 0) continue;
    const sign = digits[last];
    const both = digits.includes(".") && digits.includes(",");
    const repeated = digits.indexOf(sign) !== last;
    const grouping = !both && (repeated || (THOUSANDS[sign].test(digits) && !digits.startsWith("0")));
    // Three digits after a single sign are ambiguous.
    if (grouping && !repeated) continue;
    comma += (sign === ",") === grouping ? -1 : 1;
  }
  if (comma !== 0) return comma > 0 ? "," : ".";
  const dotted = written.filter((digits) => digits.includes("."));
  const whole = written.filter((digits) => /^\d+$/.test(digits));
  return dotted.length > 0 && whole.some((digits) => /^[1-9]\d\d$/.test(digits)) ? "," : null;
}

function familyOf(units) {
  const given = units.filter((unit) => unit !== "");
  const size = (factors, unit) => factors[unit] ?? factors[unit.toLowerCase()];
  const family = FAMILIES.find(
    (factors) => given.length > 0 && given.every((unit) => size(factors, unit) !== undefined),
  );
  return (unit) => (unit === "" ? 1 : size(family ?? SCALES, unit));
}

/** Return the seconds of "1:02:03", "14:30" or "1h 30m". */
function clockTime(cell) {
  const found = CLOCK.exec(cell);
  if (found) {
    const seconds = Number(found[2]) * 3600 + Number(found[3]) * 60 + Number(found[4] ?? 0);
    return /[-−]/.test(found[1]) ? -seconds : seconds;
  }
  if (!SPELLED_TIME.test(cell)) return null;
  const pieces = [...cell.matchAll(/(\d+(?:[.,]\d+)?)\s*([dhms])/gi)];
  const factors = { d: 86_400, h: 3600, m: 60, s: 1 };
  return pieces.reduce((sum, [, size, unit]) => sum + Number(size.replace(",", ".")) * factors[unit.toLowerCase()], 0);
}
