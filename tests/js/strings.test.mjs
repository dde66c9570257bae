import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { strings as de } from "../../chat/web/static/js/strings/de.js";
import { strings as en } from "../../chat/web/static/js/strings/en.js";
import { LANGUAGES, languageFor, strings } from "../../chat/web/static/js/strings/index.js";
import { literalsIn } from "./literals.mjs";

const ROOT = new URL("../../chat/web/static/js/", import.meta.url);
const modules = readdirSync(ROOT, { recursive: true }).filter(
  (name) => name.endsWith(".js") && !name.startsWith("strings"),
);
const textOf = (name) => readFileSync(new URL(name, ROOT), "utf8");

test("every string that a module names is in the catalogue", () => {
  const used = modules.flatMap((name) =>
    [...textOf(name).matchAll(/\bstrings((?:\.[a-zA-Z]+)+)/g)].map((found) => [name, found[1].slice(1)]),
  );
  assert.ok(used.length > 50);
  for (const [name, path] of used) {
    const found = path.split(".").reduce((place, key) => place?.[key], strings);
    assert.notEqual(found, undefined, `${name} uses strings.${path}`);
  }
});

/** The paths of a catalogue's entries with their kinds: text, a function of n values, a list. */
function shapeOf(value, path = "") {
  // Tools write English, so only other languages have labels.
  if ([".figures.words", ".figures.patterns", ".figures.notes"].includes(path)) return [];
  if (Array.isArray(value)) return [`${path}: list of ${value.length}`];
  if (typeof value === "function") return [`${path}: function of ${value.length}`];
  if (typeof value === "object") return Object.entries(value).flatMap(([key, each]) => shapeOf(each, `${path}.${key}`));
  return [`${path}: ${typeof value}`];
}

for (const [language, catalogue] of Object.entries({ en, de })) {
  test(`the catalogue for ${language} has what the English one has`, () => {
    assert.deepEqual(shapeOf(catalogue).sort(), shapeOf(en).sort());
    assert.equal(catalogue.language, language);
    assert.equal(catalogue.ownName, LANGUAGES[language]);
  });
}

test("the first language with a catalogue is used", () => {
  assert.equal(languageFor(["fr-FR", "de-CH", "en"]), "de");
  assert.equal(languageFor([null, "EN-us"]), "en");
  assert.equal(languageFor(["fr"]), "en");
  assert.equal(languageFor([]), "en");
  assert.equal(languageFor(["constructor"]), "en");
});

test("no component contains visible text", () => {
  for (const name of modules.filter((each) => each.startsWith("components"))) {
    assert.deepEqual(literalsIn(textOf(name)), [], name);
  }
});

test("the search for visible text in components finds it", () => {
  const of = (...lines) => literalsIn(lines.join("\n"));
  assert.deepEqual(of("html`<p class='a'>${x}<b>Hello</b></p>`"), ["Hello"]);
  assert.deepEqual(of('html`<p title="Some title" class="quiet button">${() => html`<i>In here</i>`}</p>`'), [
    "Some title",
    "In here",
  ]);
  assert.deepEqual(of('html`<button aria-label=${"Press me"}><${Icon} name="send" />${word}</button>`'), ["Press me"]);
});

test("modules import by relative path, since the page has no import map", () => {
  for (const name of modules) {
    for (const [, path] of textOf(name).matchAll(/^(?:import|export[^;"]* from)\s[^;"]*"([^"]+)";/gm)) {
      assert.match(path, /^\.\.?\/.*\.js$/, `${name} imports ${path}`);
      assert.ok(readFileSync(new URL(path, new URL(name, ROOT))), `${name} imports ${path}`);
    }
  }
});
