// Labels and units of tool results in English, the tools' language: only the writing is unified.

const same = (words) => Object.fromEntries(words.map((word) => [word, word]));

export const figures = {
  percent: (number) => `${number}%`,
  percentSign: "%",
  scales: same(["trillion", "billion", "million"]),
  units: same(["US$", "people", "companies", "of GDP", "of labour force"]),
  perUnit: (base, quote) => `${quote} per ${base}`,
  unit: "Unit",
  source: "Source",
  words: {},
  patterns: [],
  notes: [],
};
