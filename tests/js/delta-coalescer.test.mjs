import assert from "node:assert/strict";
import { test } from "node:test";

import { DeltaCoalescer } from "../../chat/web/static/js/network/delta-coalescer.js";

test("deltas are joined, events keep their order, nothing is lost", () => {
  const told = [];
  const coalescer = new DeltaCoalescer((name, data) => told.push([name, data.text ?? data.id]));
  coalescer.add("turn", { id: 1 });
  for (const text of ["a", "b", "c"]) coalescer.add("delta", { text });
  coalescer.add("reasoning", { text: "r" });
  coalescer.add("delta", { text: "d" });
  coalescer.add("tool_call", { id: 2 });
  coalescer.add("delta", { text: "e" });
  coalescer.flush();
  coalescer.flush();
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
  // The first delta passes at once; those right after it are joined.
  assert.deepEqual(told.slice(0, 3), [
    ["turn", 1],
    ["delta", "a"],
    ["delta", "bc"],
  ]);
});

test("joined text is passed on after the interval", async () => {
  const texts = [];
  await new Promise((resolve) => {
    const coalescer = new DeltaCoalescer((_, { text }) => {
      texts.push(text);
      if (texts.join("") === "abc") resolve();
    });
    for (const text of ["a", "b", "c"]) coalescer.add("delta", { text });
  });
  assert.equal(texts[0], "a");
});
