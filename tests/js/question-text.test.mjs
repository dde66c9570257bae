import assert from "node:assert/strict";
import { test } from "node:test";

import { blocksOf, isLong } from "../../chat/web/static/js/state/question-text.js";

/** A question as one string: <`code`>, <link>, [fenced]. */
const outline = (text) =>
  blocksOf(text)
    .map((block) =>
      block.kind === "code"
        ? `[${block.language}|${block.text}]`
        : block.pieces
            .map((piece) => ({ text: piece.text, code: `<\`${piece.text}\`>`, link: `<${piece.text}>` })[piece.kind])
            .join(""),
    )
    .join("\n");

const CASES = [
  ["as *typed*, # even <b>this</b> & that", "as *typed*, # even <b>this</b> & that"],
  ["two\n\nlines  and   blanks", "two\n\nlines  and   blanks"],
  ["Why `a < b`?", "Why <`a < b`>?"],
  ["``a ` b`` and `c", "<`a ` b`> and `c"],
  ["one ` two\nthree ` four", "one ` two\nthree ` four"],
  ["```js\nlet a;\n\nb\n```", "[js|let a;\n\nb]"],
  ["before\n```\nx\n```\nafter", "before\n[|x]\nafter"],
  ["~~~py\nx\n~~~", "[py|x]"],
  ["```\nnever closed\n\nto the end\n", "[|never closed\n\nto the end]"],
  ["```", "```"],
  ["a\r\n```\r\nb\r\n```\r\nc", "a\n[|b]\nc"],
  ["see https://example.com/a.", "see <https://example.com/a>."],
  ["(https://example.com/a_(b))", "(<https://example.com/a_(b)>)"],
  ["参见https://example.com/a，然后", "参见<https://example.com/a>，然后"],
  ["見てhttps://example.com/aを", "見て<https://example.com/a>を"],
  ["xhttps://example.com/a", "xhttps://example.com/a"],
  ["参见 https://example.com/a，然后", "参见 <https://example.com/a>，然后"],
  ["https://example.com/路", "<https://example.com/>路"],
  ["www.example.com/x?y=1&z=2#w!", "<www.example.com/x?y=1&z=2#w>!"],
  ["javascript:alert(1) ftp://x.y mailto:a@b.c", "javascript:alert(1) ftp://x.y mailto:a@b.c"],
  ["a@www.example.com and https:// alone", "a@www.example.com and https:// alone"],
  ["`https://example.com`", "<`https://example.com`>"],
];

test("code is code, addresses are links, the rest is as it was typed", () => {
  for (const [text, expected] of CASES) assert.equal(outline(text), expected, text);
});

test("a link goes where it says", () => {
  const [{ pieces }] = blocksOf("www.example.com");
  assert.equal(pieces[0].href, "http://www.example.com/");
});

test("text of any kind is parsed", { timeout: 20_000 }, () => {
  for (const text of [
    "`".repeat(30_000),
    "http://".repeat(5_000),
    "```\n".repeat(8_000),
    `http://x${")".repeat(30_000)}`,
  ]) {
    assert.ok(blocksOf(text).length > 0);
  }
});

test("only long questions are folded", () => {
  assert.equal(isLong("short"), false);
  assert.equal(isLong("line\n".repeat(14).trim()), false);
  assert.equal(isLong("line\n".repeat(20)), true);
  assert.equal(isLong("word ".repeat(300)), true);
});
