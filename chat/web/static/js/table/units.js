// Units and scale words after a number in a table cell, with their factors. Pure.

const PREFIXES = { p: 1e-12, n: 1e-9, µ: 1e-6, μ: 1e-6, u: 1e-6, m: 1e-3, c: 1e-2, d: 0.1, h: 100, k: 1e3, M: 1e6 };
const LARGE = { G: 1e9, T: 1e12, P: 1e15 };
const BINARY = { K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4, P: 1024 ** 5 };

function series(unit, size = 1, /** @type {Record<string, number>} */ prefixes = { ...PREFIXES, ...LARGE }) {
  const units = Object.entries(prefixes).map(([prefix, factor]) => [prefix + unit, factor * size]);
  return { [unit]: size, ...Object.fromEntries(units) };
}

/** The same factor for several words. */
const words = (factor, names) => Object.fromEntries(names.split(" ").map((name) => [name, factor]));

const UPWARDS = { k: 1e3, K: 1e3, M: 1e6, ...LARGE };

/** Units that can be compared, by exact or lower-case name. */
const FAMILIES = [
  {
    ...{ ...series("B", 1, UPWARDS), ...series("iB", 1, BINARY), ...words(1, "byte bytes") },
    ...{ kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 },
    ...{ ...series("bit", 1 / 8, UPWARDS), ...series("bps", 1 / 8, UPWARDS) },
    ...{ b: 1 / 8, Kb: 1e3 / 8, Mb: 1e6 / 8, Gb: 1e9 / 8, bits: 1 / 8 },
  },
  {
    ...{ ...series("m"), ...series("pc", 3.0857e16), ...words(1, "meter meters metre metres") },
    ...{ ...words(0.0254, 'in inch inches zoll "'), ...words(0.3048, "ft foot feet '"), yd: 0.9144 },
    ...{ ...words(1609.34, "mi mile miles meilen"), nmi: 1852, au: 1.495_98e11, ae: 1.495_98e11, ly: 9.461e15 },
  },
  {
    ...{ ...series("g"), ...series("t", 1e6, UPWARDS), ...words(1e6, "tonne tonnes tonnen tons ton") },
    ...{ ...words(453.6, "lb lbs pound pounds"), ...words(28.35, "oz ounce ounces"), st: 6350 },
  },
  {
    ...{ ...series("s"), ...words(1, "sec secs second seconds sek sekunde sekunden") },
    ...words(60, "m min mins minute minutes minuten"),
    ...words(3600, "h hr hrs hour hours std stunde stunden"),
    ...words(86_400, "d day days tag tage tagen"),
    ...words(604_800, "w wk wks week weeks woche wochen"),
    ...words(2_629_800, "mo mos month months monat monate monaten"),
    ...words(31_557_600, "y yr yrs year years jahr jahre jahren"),
    ...{ ...words(315_576_000, "decade decades"), ...words(3_155_760_000, "century centuries") },
  },
  ...["W", "Wh", "Hz", "A", "Ah", "V", "N", "eV", "Ω", "F"].map((unit) => series(unit)),
  { ...series("J"), ...series("cal", 4.184) },
  { ...series("Pa"), ...series("bar", 1e5), psi: 6895, atm: 101_325 },
  {
    ...{
      ...series("l"),
      ...series("L"),
      ...words(3.785, "gal gallon gallons"),
      ...words(1, "liter liters litre litres"),
    },
    ...{ tsp: 0.005, tbsp: 0.015, el: 0.015, tl: 0.005, cup: 0.24, cups: 0.24 },
  },
  { "mm²": 1e-6, "cm²": 1e-4, "m²": 1, ha: 1e4, "km²": 1e6, acre: 4047, acres: 4047 },
];

const SCALES = {
  ...{
    ...words(1e3, "thousand tsd tausend k K 千 천 тыс"),
    ...words(1e4, "万 萬 만"),
    lakh: 1e5,
    lakhs: 1e5,
    crore: 1e7,
  },
  ...{
    crores: 1e7,
    cr: 1e7,
    ...words(1e8, "亿 億 억"),
    百万: 1e6,
    ...words(1e6, "million millions mn mio mill M m mm"),
  },
  ...words(1e6, "millionen millones millón milioni milione milhões milhão miljoen млн mln"),
  ...words(1e9, "billion billions bn b B g G mrd md milliarde milliarden milliard milliards miliardi miljard млрд mld"),
  ...words(1e12, "trillion trillions tn t T bio billionen трлн 兆 조 万亿 萬億"),
};
/** Words before a counted thing without a space between: "3万人". */
const UNSPACED_SCALE = /^(?:万亿|萬億|百万|[千万萬亿億兆천만억조])/u;

/** Sizes as `ls -h` writes them. "B" is a billion in a column without "G". */
const SHORT_SIZES = { B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

const sizeOf = (factors, unit) => factors[unit] ?? (unit.length > 1 ? factors[unit.toLowerCase()] : undefined);
const familyWith = (units) => FAMILIES.find((factors) => units.every((unit) => sizeOf(factors, unit) !== undefined));

/** Return the function from unit to factor for a column with these units. */
export function factorsFor(units) {
  const present = units.filter((unit) => unit !== "");
  const isShort = present.includes("G") && present.every((unit) => unit in SHORT_SIZES);
  const family = isShort ? SHORT_SIZES : present.length > 0 ? familyWith(present) : undefined;
  return (unit) => {
    if (unit === "") return 1;
    return (
      (family ? sizeOf(family, unit) : (sizeOf(SCALES, unit) ?? SCALES[UNSPACED_SCALE.exec(unit)?.[0] ?? ""])) ?? 1
    );
  };
}

const PART = String.raw`(\d+(?:[.,]\d+)?)\s*(\p{L}+|['′’"″])\.?`;
const COMPOUND = new RegExp(`^(?:${PART}[\\s,]*(?:(?:and|und|&)\\s+)?){2,}$`, "u");
const QUOTES = { "′": "'", "’": "'", "″": '"' };

/** Return the size of "1 h 30 min", "5 lb 3 oz" or 5'4" in the unit with factor 1; null for anything else. */
export function compoundSize(cell) {
  if (!COMPOUND.test(cell)) return null;
  const parts = [...cell.matchAll(new RegExp(PART, "gu"))];
  const units = parts.map(([, , unit]) => QUOTES[unit] ?? unit);
  const family = familyWith(units);
  if (!family) return null;
  const sizes = parts.map(([, size], index) => Number(size.replace(",", ".")) * sizeOf(family, units[index]));
  return sizes.reduce((sum, size) => sum + size, 0);
}
