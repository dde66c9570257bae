// Numbers in table cells with sign, currency, scale and unit, in the writing of their column. Pure functions.

import { timesOf } from "./clock.js";
import { compoundSize, factorsFor } from "./units.js";

const SPACES = /[\u00a0\u2007\u2009\u202f]/g;
/** Digits with group and decimal separators. */
const DIGITS = String.raw`\d(?:[\d.,'’_]*\d)?(?: \d{3}(?!\d)(?:[.,]\d+)?)*`;
const BEFORE = String.raw`(?:[~≈<>≤≥=#約约]+|大[約约]|超[過过]|[Nn]early|[Aa]lmost|[Ee]st\.|[Mm](?:in|ax)\.|[Ff]rom|[Aa]b|[Ff]ast|[Mm]ehr als|[Uu]ngefähr|[Cc]a\.|c\.|[Cc]irca|[Aa](?:bout|pprox\.|round)|[Oo]ver|[Uu]nder|[Uu]p to|[Mm]ore than|[Ll]ess than|[Ee]twa|[Rr]und|[Üü]ber|[Uu]nter|[Bb]is zu|[Nn][or]\.)`;
const CURRENCY = String.raw`(?:[A-Z]{0,3}\p{Sc}|[A-Z]{2,3}(?!\p{L}|-\d)|Rs\.?|kr\.?|zł|Fr\.?)`;
const FIGURE = new RegExp(
  `^(?:${BEFORE}\\s*)*(?<open>\\()?(?:${CURRENCY}\\s*)?(?<sign>[-+−–±▲▼↑↓🔺🔻]?)\\s*(?:${CURRENCY}\\s*)?` +
    `(?<digits>${DIGITS}|∞)(?:[eE](?<power>[-+]?\\d{1,3})(?![\\d\\p{L}]))?(?<rest>.*)$`,
  "su",
);
/** Coloured circles, medals and flags before a number; triangles are signs. */
const PICTURES = /^(?:(?![🔺🔻▲▼])[\p{Extended_Pictographic}\p{Regional_Indicator}]\ufe0f?\s*)+(?=.*\d)/u;
const FREE = /^(?:free|gratis|kostenlos|kostenfrei|免费|無料)$/i;
const STARS = /^(?:[★⭐☆✩]\ufe0f?\s*)+$/u;
const PARTS = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒";
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
/** "3×10⁴" and "3·10^4"; also "10⁴". */
const POWER = new RegExp(`^(?:\\s*[×x·*⋅]\\s*10)?(?:\\^\\(?([-−+]?\\d{1,3})\\)?|([⁻⁺]?[${RAISED}]{1,3}))`, "u");

/** Return each cell's value, null for no number. The column decides the writing of digits and the meaning of units. */
export function figuresOf(cells) {
  const parts = cells.map(partsOf);
  const decimal = decimalSign(parts) ?? ".";
  const factors = factorsFor(parts.filter(Boolean).map(({ unit }) => unit));
  const times = timesOf(cells);
  const values = parts.map(
    (part, index) =>
      times[index] ?? compoundSize(cells[index]) ?? (part ? worth(part, decimal, factors) : starsOf(cells[index])),
  );
  if (values.every((value) => value === null)) return values;
  return values.map((value, index) => (value === null && FREE.test(cells[index]) ? 0 : value));
}

function starsOf(cell) {
  return STARS.test(cell) ? cell.replace(/[^★⭐]/gu, "").length : null;
}

/** Return the decimal sign that these cells show, "." or ","; null if none does. */
export const decimalSignOf = (cells) => decimalSign(cells.map(partsOf));

/** Return whether a cell is only a number, with or without unit and currency, or a time. */
export function isFigure(cell) {
  if (timesOf([cell])[0] !== null || compoundSize(cell) !== null) return true;
  const part = partsOf(cell);
  return part !== null && /^[^\d]{0,28}$/u.test(part.rest.replace(POWER, ""));
}

/** @returns {any} */
function partsOf(cell) {
  // In "1 EUR = 1.13 USD" the second number is the value.
  const plain = withoutTex(cell.replace(SPACES, " "))
    .replace(PICTURES, "")
    .replace(/^.{0,16}\S\s*[=≈]\s*(?=\S*\d)/u, "")
    .trim();
  const groups = FIGURE.exec(BEGINS_WITH_PART.test(plain) ? plain.replace(BEGINS_WITH_PART, "$10$2") : plain)?.groups;
  if (!groups) return null;
  const unit = UNIT.exec(groups.rest)?.[1] ?? "";
  const over = /^\s*\/\s*(\d+(?:[.,]\d+)?)/.exec(groups.rest)?.[1];
  return { ...groups, unit, over, negative: isNegative(groups) };
}

const BEGINS_WITH_PART = new RegExp(`^([^\\d${PARTS}]*)([${PARTS}])`, "u");
/** In "5–10 kg" the unit comes after the second number. */
const UNIT = new RegExp(
  `^[${PARTS}]?(?:\\s*(?:[–—~-]|to|bis|/)\\s*\\p{Sc}?[\\d.,]*\\d)?\\s*(?:[(*]\\s*)?([\\p{L}µ]+[²³]?)`,
  "u",
);

/** Return a formula as text: "$3 \\times 10^{4}$". */
function withoutTex(cell) {
  if (!/^\$.*\$$/.test(cell)) return cell;
  const signs = cell.slice(1, -1).replace(/\\(?:times|cdot) ?/g, "×");
  return signs.replace(/\\(?:text|mathrm)\b|\\[,;! ]|[{}]/g, "").replace(/\\([%$€])/g, "$1");
}

/** A sign, brackets, "12 BC", "500–200 BC", "5th century BC", "33° S" or an arrow after the number. */
function isNegative(/** @type {any} */ { sign, open, rest }) {
  if (/[-−–▼↓🔻]/u.test(sign) || (open && rest.trim().endsWith(")"))) return true;
  if (/^(?:\s*[–—-]\s*\d+)?[^\d–—]{0,20}(?:\bBCE?\b|\bv\. ?(?:Chr|u\. ?Z)\.)/i.test(rest)) return true;
  return (!sign && /[▼↓🔻]\s*$/u.test(rest)) || /^(?:[-−]\s*$|\s*°[^,;]*[SW]\b)/.test(rest);
}

function worth({ digits, power = "0", unit, over, negative, rest }, decimal, factors) {
  if (digits === "∞") return negative ? -Infinity : Infinity;
  const [shown, exponent] = powerOf(rest, digits);
  const size = (numberOf(shown, decimal) + partAfter(rest)) * 10 ** (Number(power) + exponent) * factors(unit);
  const value = over === undefined ? size : size / (numberOf(over, decimal) || 1);
  if (!Number.isFinite(value)) return null;
  return negative ? -value : value;
}

function powerOf(rest, digits) {
  const match = POWER.exec(rest);
  if (!match) return [digits, 0];
  const [power, written, raised] = match;
  const isTen = /^[^\d]*10/.test(power);
  if (!isTen && digits !== "10") return [digits, 0];
  return [isTen ? digits : "1", Number((written ?? raised).normalize("NFKC").replace("−", "-"))];
}

/** Return the fraction after a whole number: "1½", "1 1/2". */
function partAfter(rest) {
  const [, sign, over, under] = new RegExp(`^ ?(?:([${PARTS}])|(\\d{1,2})\\/(\\d{1,2})(?!\\d))`, "u").exec(rest) ?? [];
  if (over !== undefined) return Number(over) / (Number(under) || 1);
  if (sign === undefined) return 0;
  const [one, other] = sign.normalize("NFKC").split("⁄");
  return Number(one) / Number(other);
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
