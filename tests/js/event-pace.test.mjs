import assert from "node:assert/strict";
import { test } from "node:test";

import { EventPace } from "../../chat/web/static/js/network/event-pace.js";

test("words are joined, everything keeps its order, nothing is lost", () => {
  const told = [];
  const pace = new EventPace((name, data) => told.push([name, data.text ?? data.id]));
  pace.add("turn", { id: 1 });
  for (const text of ["a", "b", "c"]) pace.add("delta", { text });
  pace.add("reasoning", { text: "r" });
  pace.add("delta", { text: "d" });
  pace.add("tool_call", { id: 2 });
  pace.add("delta", { text: "e" });
  pace.flush();
  pace.flush();
  const joined = told.reduce((all, [name, what]) => {
    if (all.at(-1)?.[0] === name) all.at(-1)[1] += what;
    else all.push([name, what]);
    return all;
  }, []);
  assert.deepEqual(joined, [
    ["turn", 1],
    ["delta", "abc"],
    ["reasoning", "r"],
    ["delta", "d"],
    ["tool_call", 2],
    ["delta", "e"],
  ]);
  // The first words at once; those that come right after them together.
  assert.deepEqual(told.slice(0, 3), [
    ["turn", 1],
    ["delta", "a"],
    ["delta", "bc"],
  ]);
});

test("what was gathered is told without being asked", async () => {
  const texts = [];
  await new Promise((resolve) => {
    const pace = new EventPace((_, { text }) => {
      texts.push(text);
      if (texts.join("") === "abc") resolve();
    });
    for (const text of ["a", "b", "c"]) pace.add("delta", { text });
  });
  assert.equal(texts[0], "a");
});
