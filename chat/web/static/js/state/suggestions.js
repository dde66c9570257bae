// Suggestions for the next question, from the arguments of an answer's tool calls. Pure functions.

const MOST = 3;
const OTHERS = ["CN", "IN", "US", "DE", "BR"];

/**
 * `words` builds the questions in its `language`; the built-in demo understands them. `known` are questions asked
 * already.
 */
export function suggestionsFor(message, words, known = []) {
  if (message.role !== "assistant" || message.status !== "completed") return [];
  const earlier = new Set(known.map(plain));
  const questions = message.parts.flatMap((part) =>
    part.kind === "tool" && part.call.result?.ok ? after(part.call, words) : [],
  );
  return [...new Set(questions)].filter((question) => !earlier.has(plain(question))).slice(0, MOST);
}

const plain = (question) => question.toLowerCase().trim();

function after({ name, arguments: callArguments }, words) {
  const about = argumentsOf(callArguments);
  if (name === "market_data" && isName(about.country)) return afterEconomy(about.country, words);
  if (name === "compare_markets" && Array.isArray(about.countries)) return afterComparison(about, words);
  if (name === "exchange_rate" && isName(about.base) && isName(about.quote)) {
    return [words.longer(about.base, about.quote), words.reverse(about.quote, about.base)];
  }
  return [];
}

function afterEconomy(country, words) {
  const own = regionOf(country);
  const others = OTHERS.filter((code) => code !== own).map((code) => nameOf(code, words));
  const name = localised(country, words);
  return [words.growth(name, others[0]), words.inflation([name, others[1]]), words.economy(others[0])];
}

function afterComparison({ countries, indicator }, words) {
  const named = countries.filter(isName).map((country) => localised(country, words));
  const names = [...new Set(named)].slice(0, 4);
  if (names.length === 0) return [];
  const another = names[1] ?? OTHERS.map((code) => nameOf(code, words)).find((name) => name !== names[0]);
  const next = indicator === "inflation" ? words.growth(names[0], another) : words.inflation(names);
  return [next, ...names.slice(0, 2).map(words.economy)];
}

function argumentsOf(callArguments) {
  try {
    const read = typeof callArguments === "string" ? JSON.parse(callArguments) : callArguments;
    return read !== null && typeof read === "object" ? read : {};
  } catch {
    return {};
  }
}

const isName = (value) => typeof value === "string" && value.trim() !== "" && value.length <= 40;

const localised = (country, words) => {
  const code = regionOf(country);
  return code ? nameOf(code, words) : country.trim();
};

const namers = new Map();

function nameOf(code, { language }) {
  if (!namers.has(language)) namers.set(language, new Intl.DisplayNames([language], { type: "region" }));
  return namers.get(language).of(code);
}

/** @type {Map<string, string> | null} */
let codes = null;

/** Return the region code of an English country name or of a code, in any case; otherwise null. */
function regionOf(country) {
  codes ??= allCodes();
  return codes.get(country.trim().toLowerCase()) ?? null;
}

function allCodes() {
  const pairs = new Map();
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const english = new Intl.DisplayNames(["en"], { type: "region", fallback: "none" });
  for (const one of letters) {
    for (const other of letters) {
      const name = english.of(one + other);
      if (name) pairs.set(name.toLowerCase(), one + other).set((one + other).toLowerCase(), one + other);
    }
  }
  return pairs;
}
