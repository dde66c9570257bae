// Markdown to HTML, a block at a time, so that a growing text only redoes its last block.
// The HTML made here is not safe yet: sanitise.js decides what of it reaches the page.

import { Lexer, Marked } from "../../vendor/marked/marked.js";

import { safeHref } from "../browser/links.js";
import { strings } from "../strings/index.js";
import { mathExtensions } from "./math-syntax.js";

const escapeHtml = (text) => text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    // Raw HTML is shown as what it is, text.
    html: ({ text, block }) => (block ? `<p>${escapeHtml(text)}</p>` : escapeHtml(text)),
    // Nothing is loaded from anywhere: an image becomes a link that a person may follow.
    image({ href, text }) {
      const address = safeHref(href);
      const name = escapeHtml(strings.markdown.image(text));
      return address ? `<a href="${escapeHtml(address)}">${name}</a>` : name;
    },
    heading({ tokens, depth }) {
      const level = levelOf(depth);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
    },
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
    code({ text, lang }) {
      const language = /^[\w+#.-]{1,30}/.exec(lang ?? "")?.[0].toLowerCase() ?? "";
      return `<pre><code class="language-${language}">${escapeHtml(text)}</code></pre>\n`;
    },
  },
});
// The depths of the headings that the one being rendered stands under, outermost first.
let outline = [];

/** Below the page's own two levels, and never one left out, whatever level a writer begins with. */
function levelOf(depth) {
  outline = [...outline.filter((above) => above < depth), depth];
  return Math.min(6, outline.length + 2);
}

marked.use({ extensions: mathExtensions(escapeHtml) });

/** Line ends as the parser wants them; lengths are then the same in its tokens and in the text. */
export function normalised(text) {
  return text.replace(/\r\n?/g, "\n");
}

/**
 * The blocks of `text`, `{raw, html, outline}` each, whose `raw`s together are the text.
 * `links` holds the link definitions met so far (`[name]: address`) and gets those of this text; `above` is the outline
 * at the end of the block before, on which the levels of headings depend.
 */
export function renderBlocks(text, links, above = []) {
  outline = above;
  try {
    const lexer = new Lexer(marked.defaults);
    lexer.tokens.links = links;
    return joinSpaces(lexer.lex(text)).map(({ token, raw }) => ({ raw, html: marked.parser([token]), outline }));
  } catch {
    // Nested deeper than the parser's stack goes: still readable, as plain text.
    return [{ raw: text, html: `<p>${escapeHtml(text)}</p>`, outline: above }];
  }
}

/** An empty set of link definitions; without a prototype, since their names are anyone's. */
export function noLinks() {
  return Object.create(null);
}

/** Blank lines belong to the block before them; at the very beginning they are a block of nothing. */
function joinSpaces(tokens) {
  const blocks = [];
  for (const token of tokens) {
    const last = blocks.at(-1);
    if (last && (token.type === "space" || last.token.type === "space")) {
      last.raw += token.raw;
      if (token.type !== "space") last.token = token;
    } else {
      blocks.push({ token, raw: token.raw });
    }
  }
  return blocks;
}
