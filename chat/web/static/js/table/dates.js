// Dates, quarters and time spans in table cells as sortable numbers. Pure functions.

const MONTHS = [
  ["jan", "jän"],
  ["feb"],
  ["mar", "mär", "mrz"],
  ["apr"],
  ["may", "mai"],
  ["jun"],
  ["jul"],
  ["aug"],
  ["sep"],
  ["oct", "okt"],
  ["nov"],
  ["dec", "dez"],
];
const MONTH =
  "(jan|jän|feb|mar|mär|mrz|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)(?:uary|uar|ner|ruary|ruar|ch|z|il|e|i|y|ust|t|tember|ober|ember)?\\.?";
/** Other languages of months in dates; their names come from the browser. */
const LANGUAGES = ["fr", "es", "it", "pt", "nl", "sv", "da", "nb", "pl", "ru", "uk", "tr", "ar"];
const DAYS = [
  "mon?(?:day|tag)?",
  "tue(?:s(?:day)?)?|di(?:enstag)?",
  "wed(?:nesday)?|mi(?:ttwoch)?",
  "thu(?:rs(?:day)?)?|do(?:nnerstag)?",
  "fri?(?:day|eitag)?|freitag",
  "sat?(?:urday)?|samstag",
  "sun(?:day)?|so(?:nntag)?",
];
const WEEKDAY =
  /^(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|mo|di|mi|do|fr|sa|so|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch)\.?,?\s+/i;
const CLOCK =
  "(?:[T,]?\\s*(?:um |at )?(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:\\.\\d+)?)?\\s*([ap]m)?\\s*(Z|UTC|[+-]\\d{2}:?\\d{2})?)?";
const REMARK = /\s*(?:[*†‡¹²³⁴-⁹]+|\[\d+\]|\([^()]{1,20}\))$/u;
const SPAN = /\s+(?:to|until|bis|–|—|-)\s+|(?<=\d{4})(?:-(?=\d{4})|[–—](?=\d{4}|\p{L}))/u;
const ONGOING = /^(?:present|today|now|ongoing|current|heute|jetzt|laufend|至今|现在|現在)$/i;

/** @type {Map<string, number> | null} */
let foreignMonths = null;

/** Return the month of a name in one of the other languages, -1 for none. */
function foreignMonthOf(name) {
  foreignMonths ??= monthNames();
  return foreignMonths.get(name.toLowerCase()) ?? -1;
}

function monthNames() {
  const names = new Map();
  const forms = LANGUAGES.flatMap((language) => [
    new Intl.DateTimeFormat(language, { month: "long", timeZone: "UTC" }),
    new Intl.DateTimeFormat(language, { month: "long", day: "numeric", timeZone: "UTC" }),
    new Intl.DateTimeFormat(language, { month: "short", day: "numeric", timeZone: "UTC" }),
  ]);
  for (const each of forms) {
    for (let month = 0; month < 12; month += 1) {
      const parts = each.formatToParts(Date.UTC(2024, month));
      names.set(
        parts
          .find(({ type }) => type === "month")
          ?.value.toLowerCase()
          .replace(/\.$/, ""),
        month,
      );
    }
  }
  return names;
}

const monthOf = (word) => MONTHS.findIndex((names) => names.includes(word.slice(0, 3).toLowerCase()));
const form = (pattern, read) => [new RegExp(`^${pattern}${CLOCK}$`, "iu"), read];
/** A part of a year, by its first month: "early 2024". */
const part = ([month, names]) => form(`(?:${names}) ?(\\d{4})`, ([year]) => [year, Number(month), 1]);
const yearOf = (text) => (text.length > 2 ? Number(text) : Number(text) + (Number(text) < 70 ? 2000 : 1900));

/** Date formats, with how to read their groups as `[year, month from 0, day]`; `monthFirst` concerns only 3/4/2024. */
const FORMS = [
  form("(\\d{4})([-/.])(\\d{1,2})\\2(\\d{1,2})", ([year, , month, day]) => [year, month - 1, day]),
  form("(\\d{4})[-/](\\d{1,2})", ([year, month]) => [year, month - 1, 1]),
  form("(\\d{1,2})\\. ?(\\d{1,2})\\. ?(\\d{4}|\\d{2})", ([day, month, year]) => [yearOf(year), month - 1, day]),
  form("(\\d{1,2})([-/])(\\d{1,2})\\2(\\d{4}|\\d{2})", ([one, , other, year], monthFirst) =>
    monthFirst ? [yearOf(year), one - 1, other] : [yearOf(year), other - 1, one],
  ),
  form(`${MONTH} (\\d{1,2})(?:st|nd|rd|th)?,? (\\d{4})`, ([month, day, year]) => [year, monthOf(month), day]),
  form(`(\\d{1,2})(?:st|nd|rd|th|\\.)?[- ](?:of )?${MONTH},?[- ](\\d{4}|\\d{2})`, ([day, month, year]) => [
    yearOf(year),
    monthOf(month),
    day,
  ]),
  form(`${MONTH},?[- ](\\d{4})`, ([month, year]) => [year, monthOf(month), 1]),
  form(`${MONTH} (\\d{1,2})(?:st|nd|rd|th)?`, ([month, day]) => [2000, monthOf(month), day]),
  form(`(\\d{1,2})(?:st|nd|rd|th|\\.)? ${MONTH}`, ([day, month]) => [2000, monthOf(month), day]),
  form("(\\d{1,2})(?:er|º|°|\\.)? (?:de |d[’'])?(\\p{L}{3,12})\\.?(?: del?)?,? (\\d{4})", ([day, month, year]) => [
    year,
    foreignMonthOf(month),
    day,
  ]),
  form("(\\p{L}{3,12})\\.?(?: de)? (\\d{4})", ([month, year]) => [year, foreignMonthOf(month), 1]),
  form(MONTH, ([month]) => [2000, monthOf(month), 1]),
  form("(\\d{4})[年년] ?(?:(\\d{1,2})[月월] ?)?(?:(\\d{1,2})[日일])?", ([year, month = 1, day = 1]) => [
    year,
    month - 1,
    day,
  ]),
  form("(\\d{4})[-/ ]?Q([1-4])", ([year, quarter]) => [year, quarter * 3 - 3, 1]),
  form("Q([1-4])[-/ ]?'?(\\d{4}|\\d{2})", ([quarter, year]) => [yearOf(year), quarter * 3 - 3, 1]),
  form("([1-4])[Qq]'?(\\d{4}|\\d{2})", ([quarter, year]) => [yearOf(year), quarter * 3 - 3, 1]),
  form("([12])[Hh]'?(\\d{4}|\\d{2})", ([half, year]) => [yearOf(year), half * 6 - 6, 1]),
  form("(\\d{1,2})\\. ?(\\d{1,2})\\.", ([day, month]) => [2000, month - 1, day]),
  form("(\\d{1,2})/(\\d{4})", ([month, year]) => [year, month - 1, 1]),
  // Not "1.0856", an exchange rate.
  form("(0[1-9]|1[0-2])\\.((?:19|20)\\d{2})", ([month, year]) => [year, month - 1, 1]),
  form("[KC]?W ?(\\d{1,2})[/ ]+(\\d{4})", ([week, year]) => [year, 0, week * 7 - 6]),
  form("([1-4])\\. ?Q(?:uartal|\\.)? (\\d{4})", ([quarter, year]) => [year, quarter * 3 - 3, 1]),
  form("(\\d{4})[-/ ]?H([12])", ([year, half]) => [year, half * 6 - 6, 1]),
  form("H([12])[-/ ]?(\\d{4})", ([half, year]) => [year, half * 6 - 6, 1]),
  form("(\\d{4})[- ]?W(\\d{1,2})", ([year, week]) => [year, 0, week * 7 - 6]),
  form("(?:FY ?)?'?(\\d{4})[/–-]\\d{2}", ([year]) => [year, 0, 1]),
  form("FY ?'?(\\d{4}|\\d{2})", ([year]) => [yearOf(year), 0, 1]),
  ...Object.entries({ 0: "early|anfang", 2: "spring|frühjahr|frühling", 5: "mid-?|mitte|summer|sommer" }).map(part),
  ...Object.entries({ 8: "autumn|fall|herbst", 10: "late", 11: "end of|end|ende|winter" }).map(part),
  // Of a week that begins on a first of January.
  ...DAYS.map((names, day) => form(`(?:${names})\\.?`, () => [2001, 0, day + 1])),
];

/** Return `{at, until}` in milliseconds, null for no date. `year`: only a year, which may also be a number. */
export function dateOf(cell, monthFirst = false) {
  const [from, to] = cell.split(SPAN, 2);
  const at = momentOf(from, monthFirst) ?? yearAlone(from);
  const until = to === undefined ? at : ONGOING.test(to) ? Infinity : (momentOf(to, monthFirst) ?? yearAlone(to));
  if (at === null || until === null) return null;
  return { at, until, year: /^\d{3,4}$/.test(cell) };
}

/** Return whether dates like 3/4/2024 begin with the month: one unambiguous date decides for all. */
export function isMonthFirst(cells, byDefault) {
  const parts = cells.map((cell) => /^(\d{1,2})([-/])(\d{1,2})\2\d{2,4}\b/.exec(cell)).filter(Boolean);
  if (parts.some(([, one]) => one > 12)) return false;
  return byDefault || parts.some(([, , , other]) => other > 12);
}

const yearAlone = (text) => (/^\d{3,4}$/.test(text) ? timeOf(text, 0, 1) : null);

function momentOf(text, monthFirst) {
  const whole = text.replace(REMARK, "").trim();
  if (whole.length > 60 || (whole.length > 12 && !/\d/.test(whole))) return null;
  const plain = whole.replace(WEEKDAY, "");
  for (const [pattern, read] of FORMS) {
    const match = pattern.exec(plain) ?? (plain === whole ? null : pattern.exec(whole));
    if (!match) continue;
    const groups = match.slice(1, -5);
    const [year, month, day] = read(groups, monthFirst).map(Number);
    if (month < 0 || month > 11 || day < 1 || day > 366) continue;
    return timeOf(year, month, day) + clockOf(match.slice(-5));
  }
  return null;
}

function timeOf(year, month, day) {
  const time = new Date(0);
  // Unlike Date.UTC, this keeps years below 100.
  return time.setUTCFullYear(Number(year), month, day);
}

function clockOf([hours = 0, minutes = 0, seconds = 0, half = "", zone = "Z"]) {
  const later = half ? (Number(hours) % 12) + (/p/i.test(half) ? 12 : 0) : Number(hours);
  const [, sign = "+", zoneHours = 0, zoneMinutes = 0] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  const ahead = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === "-" ? -1 : 1);
  return ((later * 60 + Number(minutes) - ahead) * 60 + Number(seconds)) * 1000;
}
