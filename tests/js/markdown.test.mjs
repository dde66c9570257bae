import assert from "node:assert/strict";
import { test } from "node:test";

import { normalised, readBlocks } from "../../chat/web/static/js/markdown/blocks.js";
import { renderText } from "../../chat/web/static/js/markdown/document.js";

const render = (text) => renderText(text);
const DOCUMENT = [
  "\n\nIntro with a [reference][r] and *emphasis*.",
  "# Heading",
  "- one\n\n  still one\n- two\n  - nested",
  "1. first\n2. second",
  "| a | b |\n| --- | ---: |\n| 1 | 2 |",
  "```python\nx = 1\n\n\ny = 2\n```",
  "> quoted\n> twice",
  "Setext\n------",
  "<b>raw</b> and & and \ttab",
  "    indented code",
  "---",
  "[r]: https://example.org",
  "last  \nline",
].join("\n\n");

test("the blocks' raw texts are the text", () => {
  for (const text of [DOCUMENT, DOCUMENT.replaceAll("\n", "\r\n"), "", "\n\n", "a", "\n- a\n\n\n"]) {
    const source = normalised(text);
    assert.equal(
      readBlocks(source)
        .map(({ raw }) => raw)
        .join(""),
      source,
    );
  }
});

test("raw HTML is text, in a block and in a line", () => {
  const html = render("<script>alert(1)</script>\n\nin <img src=x onerror=alert(1)> line");
  assert.ok(!/<(script|img)/.test(html), html);
  assert.ok(html.includes("&lt;script&gt;"));
});

test("an image is a link at most", () => {
  assert.equal(
    render("![a b](https://example.org/i.png)"),
    '<p><a href="https://example.org/i.png">Image: a b</a></p>\n',
  );
  assert.equal(render("![a](i.png)"), "<p>Image: a</p>\n");
  assert.equal(render("![a](javascript:alert(1))"), "<p>![a](javascript:alert(1))</p>\n");
  assert.ok(!render('![a"onerror="x](https://example.org/"onerror="x)').includes('"onerror="'));
});

test("headings stand below the page's own", () => {
  const levels = (text) =>
    render(text)
      .match(/(?<=<)h\d/g)
      .join(" ");
  assert.equal(levels("# a\n\n## b\n\n## c\n\n# d"), "h3 h4 h4 h3");
  assert.equal(levels("## a\n\n### b"), "h3 h4");
  assert.equal(levels("# a\n\n###### b\n\n### c\n\n#### d"), "h3 h4 h4 h5");
  assert.equal(levels("# a\n\n## b\n\n### c\n\n#### d\n\n##### e"), "h3 h4 h5 h6 h6");
});

test("names of link definitions are not object properties", () => {
  assert.equal(
    render("[constructor] [__proto__] [toString]"),
    "<p>[constructor] [<strong>proto</strong>] [toString]</p>\n",
  );
});

test("too deep nesting is plain text without an error or loss", () => {
  const html = render(`${"> ".repeat(30_000)}deep`);
  assert.ok(html.includes("deep"));
});
