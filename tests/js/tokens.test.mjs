import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const CSS = new URL("../../chat/web/static/css/", import.meta.url);
const names = readdirSync(CSS);
const textOf = (name) => readFileSync(new URL(name, CSS), "utf8");
const declared = (property) =>
  names.flatMap((name) =>
    [...textOf(name).matchAll(new RegExp(`[\\s;{](${property}): ([^;]+);`, "g"))].map((found) => [name, found[2]]),
  );

test("radii are tokens, nothing or round", () => {
  const found = declared("border(?:-[a-z]+)*-radius");
  assert.ok(found.length > 30);
  for (const [name, value] of found)
    for (const part of value.split(" ")) assert.match(part, /^(?:var\(--radius-[a-z]+\)|0|50%|inherit)$/, name);
});

test("sizes of type are tokens, or go with the words around them", () => {
  const found = declared("font-size");
  assert.ok(found.length > 40);
  for (const [name, value] of found) assert.match(value, /^(?:var\(--type-[a-z]+\)|[\d.]+(?:em|%)|inherit)$/, name);
  for (const [name, value] of declared("font"))
    assert.match(value, /^(?:inherit|(?:\d00 )?(?:var\(--type-[a-z]+\)|[\d.]+em)[ /])/, name);
});

test("every token that is used is declared, and every one declared is used", () => {
  const all = names.map(textOf).join("\n");
  const used = new Set([...all.matchAll(/var\((--(?:radius|type)-[a-z]+)\)/g)].map((found) => found[1]));
  const made = new Set([...all.matchAll(/^\s*(--(?:radius|type)-[a-z]+):/gm)].map((found) => found[1]));
  assert.deepEqual([...used].sort(), [...made].sort());
});
