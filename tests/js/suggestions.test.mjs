import assert from "node:assert/strict";
import { test } from "node:test";
import { suggestionsFor } from "../../chat/web/static/js/state/suggestions.js";
import { strings as de } from "../../chat/web/static/js/strings/de.js";
import { strings as en } from "../../chat/web/static/js/strings/en.js";

const ENGLISH = { ...en.followUp, language: "en" };
const GERMAN = { ...de.followUp, language: "de" };

function answer(name, given, { ok = true, status = "completed" } = {}) {
  const result = ok === null ? null : { ok };
  return { role: "assistant", status, parts: [{ kind: "tool", call: { name, arguments: given, result } }] };
}

test("after an economy it offers comparisons, never with itself", () => {
  for (const country of ["China", "India", "United States", "Germany", "CN", "Wakanda", "euro area"]) {
    const found = suggestionsFor(answer("market_data", JSON.stringify({ country })), ENGLISH);
    assert.equal(found.length, 3);
    for (const each of found) {
      const [one, other] = /of (.*) and (.*)$/.exec(each)?.slice(1) ?? ["a", "b"];
      assert.notEqual(one, other);
    }
  }
  assert.deepEqual(suggestionsFor(answer("market_data", '{"country":"China"}'), ENGLISH), [
    "Compare GDP growth of China and India",
    "Compare inflation of China and United States over 20 years",
    "Show me India market data",
  ]);
});

test("in the page's language, the countries too", () => {
  const [first] = suggestionsFor(answer("market_data", { country: "Brazil" }), GERMAN);
  assert.equal(first, "Vergleiche das BIP-Wachstum von Brasilien und China");
});

test("after a comparison and after a rate", () => {
  const compared = answer("compare_markets", { countries: ["India", "China"], indicator: "gdp_growth" });
  assert.equal(suggestionsFor(compared, ENGLISH)[0], "Compare inflation of India and China over 20 years");
  const rate = answer("exchange_rate", { base: "EUR", quote: "USD" });
  assert.deepEqual(suggestionsFor(rate, ENGLISH), [
    "EUR against USD over the last year",
    "USD against EUR over the last 30 days",
  ]);
});

test("it reads like a sentence", () => {
  const three = answer("compare_markets", { countries: ["India", "China", "Brazil"], indicator: "gdp_growth" });
  assert.equal(suggestionsFor(three, ENGLISH)[0], "Compare inflation of India, China and Brazil over 20 years");
  assert.equal(suggestionsFor(three, GERMAN)[0], "Vergleiche die Inflation über 20 Jahre: Indien, China und Brasilien");
  const rate = answer("exchange_rate", { base: "euro", quote: "US dollar" });
  assert.equal(suggestionsFor(rate, ENGLISH)[0], "Euro against US dollar over the last year");
});

test("a country is known by its code too, and named once", () => {
  const [first] = suggestionsFor(answer("market_data", { country: " cn " }), ENGLISH);
  assert.equal(first, "Compare GDP growth of China and India");
  const twice = answer("compare_markets", { countries: ["India", "IN", null, 7, "Wakanda "], indicator: "gdp_growth" });
  assert.equal(suggestionsFor(twice, ENGLISH)[0], "Compare inflation of India and Wakanda over 20 years");
});

test("a country is never compared with itself", () => {
  for (const [country, other] of [
    ["US", "China"],
    ["China", "India"],
  ]) {
    const alone = answer("compare_markets", { countries: [country], indicator: "inflation" });
    assert.match(suggestionsFor(alone, ENGLISH)[0], new RegExp(`and ${other}$`));
  }
});

test("questions asked before are not suggested again", () => {
  const found = suggestionsFor(answer("market_data", { country: "China" }), ENGLISH, [
    "show me India market data ",
    "Something else",
  ]);
  assert.equal(found.includes("Show me India market data"), false);
  assert.equal(found.length, 2);
});

test("no suggestions without a successful tool call", () => {
  for (const [name, given, how] of [
    ["other_tool", { country: "China" }],
    ["market_data", "{"],
    ["market_data", "null"],
    ["market_data", null],
    ["market_data", { country: 5 }],
    ["market_data", { country: "x".repeat(41) }],
    ["compare_markets", { countries: [] }],
    ["compare_markets", { countries: "China" }],
    ["market_data", { country: "China" }, { ok: false }],
    ["market_data", { country: "China" }, { ok: null }],
    ["market_data", { country: "China" }, { status: "stopped" }],
    ["market_data", { country: "China" }, { status: "running" }],
  ]) {
    assert.deepEqual(suggestionsFor(answer(name, given, how), ENGLISH), []);
  }
  assert.deepEqual(suggestionsFor({ role: "user", status: "completed", parts: [] }, ENGLISH), []);
});
