// Names of countries and currencies in another language by their English names, from the browser's data.

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
const REGIONS = LETTERS.flatMap((one) => LETTERS.map((other) => one + other));
const namesByLanguage = new Map();

/** Return a Map from English names in lower case; it is empty for English. */
export function namesIn(language) {
  if (!namesByLanguage.has(language)) namesByLanguage.set(language, language === "en" ? new Map() : namesFor(language));
  return namesByLanguage.get(language);
}

function namesFor(language) {
  const names = new Map();
  add(names, "region", REGIONS, language);
  add(names, "currency", Intl.supportedValuesOf?.("currency") ?? [], language);
  return names;
}

function add(names, type, codes, language) {
  const english = new Intl.DisplayNames("en", { type, fallback: "none" });
  const other = new Intl.DisplayNames(language, { type, fallback: "none" });
  for (const code of codes) {
    const [name, translated] = [english.of(code), other.of(code)];
    if (name && translated && !names.has(name.toLowerCase())) names.set(name.toLowerCase(), translated);
  }
}
