import assert from "node:assert/strict";
import { test } from "node:test";

import { normalised } from "../../chat/web/static/js/markdown/blocks.js";
import { MarkdownDocument } from "../../chat/web/static/js/markdown/document.js";
import { completed } from "../../chat/web/static/js/markdown/unfinished.js";

const read = (text, growing) => {
  const { open, notes } = new MarkdownDocument().read(text, growing);
  return open.join("") + notes;
};
/** Return the HTML of a complete text, and of one that is still being written. */
const html = (text) => read(text, false);
const shownOf = (text) => read(text, true);
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
/** Return the visible text without spaces, which may still move, and formulas without delimiters. */
const visible = (markup) =>
  markup
    .replace(/(<code class="math-[a-z ]+">)(?:\$\$?|\\[([])([^<]*?)(?:\$\$?|\\[)\]])(?=<)/g, "$1$2")
    .replace(/<[^>]*>/g, "")
    .replace(/&(\w+|#39);/g, (_, name) => ENTITIES[name] ?? "?")
    .replace(/\s+/g, "");

const PIECES = {
  emphasis:
    "Some **bold words**, *slanted* ones, ***both***, __also bold__ and ~~struck~~ text; 2 * 3 = 6, a snake_case_name.",
  code: "Call `print(x)` or ``a ` b`` and stop.",
  links:
    "See [the bank](https://data.worldbank.org/a_(b)) and **[bold link](https://example.org)** or https://example.org/x here.",
  images: "Before ![a chart](https://example.org/c.png) after.",
  "mail in emphasis": "Write **to a.b@example.org, or <sub>c@example.org</sub>** soon.",
  "linked images": "Before [![a chart](https://example.org/c.png)](https://example.org/) after.",
  fence: "Look:\n\n```python\nx = `1`\n\n**y** = 2\n```\n\nDone.",
  tildes: "~~~\na ``` b\n~~~\nafter",
  table: "| Name | **Growth** |\n| --- | ---: |\n| China | 5.0 % |\n| `India` | **6.5 %** |\n\nAfter it.",
  lists: "1. first **item**\n2. second\n   - nested `code`\n   - [link](https://example.org)\n\n* star\n* other",
  headings: "# Title\n\nText\n\n## Second **bold** one\nmore",
  quote: "> quoted *words*\n> and more\n\nnot quoted",
  formulas:
    "Inline $x^2 + y_1$ and \\(a \\le b\\), money $5 to $10, then\n\n$$\n\\frac{a}{b}\n\n+ c\n$$\n\n\\[ x_1 \\]\n\nEnd.",
  rule: "Above\n\n---\n\nBelow",
  addresses: "An <https://example.org/address> in angles, 3 < 4.",
};

for (const [name, text] of Object.entries(PIECES)) {
  test(`what stands is never taken back: ${name}`, () => {
    const whole = visible(html(text));
    for (let end = 1; end <= text.length; end += 1) {
      const shown = visible(shownOf(text.slice(0, end)));
      assert.ok(whole.startsWith(shown), `after ${JSON.stringify(text.slice(0, end))}:\n${shown}`);
    }
    assert.equal(visible(shownOf(`${text}\n\n`)), whole);
  });
}

test("little text is hidden: the display is never far behind", () => {
  for (const text of Object.values(PIECES)) {
    for (let end = 20; end <= text.length; end += 1) {
      const now = visible(shownOf(text.slice(0, end))).length;
      const then = visible(shownOf(text.slice(0, end - 20))).length;
      assert.ok(now >= then, JSON.stringify(text.slice(0, end)));
    }
  }
});

test("unfinished markup looks like its final form at once", () => {
  const becomes = {
    "**bol": "<p><strong>bol</strong></p>\n",
    "`cod": "<p><code>cod</code></p>\n",
    "see [the bank](https://dat": "<p>see <a>the bank</a></p>\n",
    "$$\n\nSee two words ![i](https://example.com/i.p": "<p>$$</p>\n<p>See two words <a>Image: i</a></p>\n",
    "a **bold*": "<p>a <strong>bold</strong></p>\n",
    "para\n-": "<p>para</p>\n",
    "para\n--": "<p>para</p>\n",
    "- one\n- ": "<ul>\n<li>one</li>\n</ul>\n",
    "```pyth": "",
    "## ": "",
  };
  for (const [text, expected] of Object.entries(becomes)) assert.equal(shownOf(text), expected, text);
  assert.match(shownOf("| a | b"), /<th>a<\/th>\n<th>b<\/th>/);
  assert.match(shownOf("| a | b |\n| --- | -"), /<th>a<\/th>\n<th>b<\/th>/);
  assert.match(shownOf("$$\n\\frac{a"), /class="math-display unfinished">\$\$\n\\frac\{a\n\$\$</);
});

test("only a formula whose end is missing is completed before it is drawn", () => {
  const kinds = (text) =>
    [...shownOf(text).matchAll(/class="math-\w+( unfinished)?"/g)].map(([, kind]) => Boolean(kind));
  for (const [text, ...expected] of [
    ["Area $A = \\pi$", false],
    ["Area $A = \\pi$ and **$\\beta$**", false, false],
    ["Area $A = \\pi$ and $\\frac{a", false, true],
    ["**so $\\alpha", true],
    ["$\\alpha$ then **bo", false],
    ["- a $\\gamma$\n- b \\(\\frac{", false, true],
    ["$$\nx\n$$\n\n$$\n\\sqrt{", false, true],
    ["$$\n\\alpha\n$$\n", false],
    ["| a |\n|---|\n| $\\pi$ |\n| $\\fra", false, true],
    ["\\begin{align}\na &= \\beta", true],
  ]) {
    assert.deepEqual(kinds(text), expected, text);
  }
});

test("any text, cut anywhere, is shown without an error", () => {
  const signs = [
    "*",
    "_",
    "`",
    "```\n",
    "[",
    "](",
    ")",
    "$",
    "$$",
    "\\",
    "\\(",
    "|",
    "\n",
    "\n\n",
    "a",
    " ",
    "- ",
    "#",
    "<",
    ">",
    "~",
    "!",
    "1.",
  ];
  let seed = 7;
  const next = () => (seed = (seed * 48_271) % 2_147_483_647);
  for (let round = 0; round < 4000; round += 1) {
    const text = Array.from({ length: 12 }, () => signs[next() % signs.length]).join("");
    assert.equal(typeof shownOf(normalised(text)), "string");
  }
});

test("long and repetitive texts take limited time", { timeout: 60_000 }, () => {
  const prose = `${"The market opened quietly and closed a little higher than before, it seems. ".repeat(6)}\n`;
  const table = "| a | b |\n| --- | --- |\n| 1 | 2 |\n";
  const texts = [
    `${table}\n${prose.repeat(8)}\n${table}${prose.repeat(8)}`,
    `| a\n${prose.repeat(20)}\n\n${prose}`,
    ...[
      "[",
      "![",
      "(",
      "*",
      "**",
      "_",
      "~",
      "`",
      "$",
      "\\(",
      "$$\n",
      "|",
      " ",
      "> ",
      "- ",
      "\n",
      "<",
      "[a](",
      "{",
      "a_",
    ].map((sign) => sign.repeat(8000)),
  ];
  for (const text of texts) {
    for (const end of [text.length, text.length - 1, Math.floor(text.length / 2)]) {
      assert.equal(typeof completed(text.slice(0, end)), "string");
    }
  }
});
