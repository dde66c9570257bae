import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { strings } from "../../chat/web/static/js/strings/index.js";

const ROOT = new URL("../../chat/web/static/js/", import.meta.url);
const modules = readdirSync(ROOT, { recursive: true }).filter(
  (name) => name.endsWith(".js") && !name.startsWith("strings"),
);

test("every string that a module names is in the catalogue", () => {
  const used = modules.flatMap((name) =>
    [...readFileSync(new URL(name, ROOT), "utf8").matchAll(/\bstrings((?:\.[a-zA-Z]+)+)/g)].map((found) => [
      name,
      found[1].slice(1),
    ]),
  );
  assert.ok(used.length > 50);
  for (const [name, path] of used) {
    const found = path.split(".").reduce((place, key) => place?.[key], strings);
    assert.notEqual(found, undefined, `${name} uses strings.${path}`);
  }
});

test("modules import by relative path, since the page has no import map", () => {
  for (const name of modules) {
    const text = readFileSync(new URL(name, ROOT), "utf8");
    for (const [, path] of text.matchAll(/^(?:import|export[^;"]* from)\s[^;"]*"([^"]+)";/gm)) {
      assert.match(path, /^\.\.?\/.*\.js$/, `${name} imports ${path}`);
      assert.ok(readFileSync(new URL(path, new URL(name, ROOT))), `${name} imports ${path}`);
    }
  }
});
