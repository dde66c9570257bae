// Markdown in blocks, so that a growing text only redoes its last one. Pure: strings in, tokens and HTML out.

import { allowInertTags } from "./html-rules.js";
import { md, PlainToken } from "./parser.js";
import { prepareLists } from "./rendering.js";

/** Line ends as the parser wants them; lengths are then the same in its tokens and in the text. */
export function normalised(text) {
  // Most texts have neither, and to look is much cheaper than to replace, which is done again whenever a text grows.
  const lines = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
  return lines.includes("\0") ? lines.replaceAll("\0", "\ufffd") : lines;
}

/**
 * The blocks of `text`, whose `raw`s together are the text: `{raw, tokens, links, notes}` each, where `links` are the
 * definitions of links in it (`[name]: address`) and `notes` those of footnotes, by their names.
 */
export function readBlocks(text) {
  const env = { references: Object.create(null) };
  const tokens = [];
  md.block.parse(text, md, env, tokens);
  const offsets = lineOffsets(text);
  const groups = grouped(tokens).map((group) => ({ tokens: group, from: offsets[group[0].map[0]] }));
  if (groups.length === 0) return [{ raw: text, tokens: [], links: new Map(), notes: new Map() }];
  groups[0].from = 0;
  return groups.map((group, index) => takenApart(group.tokens, env, text.slice(group.from, groups[index + 1]?.from)));
}

function lineOffsets(text) {
  const offsets = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) offsets.push(at + 1);
  return offsets;
}

/** From each opening token of the outermost level to its closing one; with a definition, what may be its title. */
function grouped(tokens) {
  const groups = [];
  let depth = 0;
  for (const token of tokens) {
    const last = depth === 0 && groups.at(-1)?.at(-1);
    const isTitle = last?.type === "reference_definition" && last.map[1] === token.map[0];
    if (depth === 0 && !isTitle) groups.push([]);
    groups.at(-1).push(token);
    depth += token.nesting;
  }
  return groups;
}

/** Notes and definitions leave the place where they were written. */
function takenApart(tokens, env, raw) {
  const links = new Map();
  const notes = new Map();
  const own = [];
  const open = [];
  for (const token of tokens) {
    if (token.type === "footnote_open") open.push({ label: token.meta.label, tokens: [] });
    else if (token.type === "footnote_close") {
      const note = open.pop();
      if (!notes.has(note.label)) notes.set(note.label, note.tokens);
    } else if (token.type === "reference_definition") {
      links.set(token.meta.label, env.references[token.meta.label]);
    } else {
      (open.at(-1)?.tokens ?? own).push(token);
    }
  }
  for (const each of [own, ...notes.values()]) prepareLists(each);
  return { raw, tokens: own, links, notes };
}

/** What is no mere words. Most cells of a table are, and are shown again with each row that comes. */
const MAY_MEAN = /[\n![\]*_~`$\\&<:@]|www\./i;

function plainText(content) {
  return Object.assign(new PlainToken("text", "", 0, 0), { content });
}

/**
 * The HTML of a block's tokens. `env` has what it depends on: `references`, `notes`, `outline`, which the headings in it
 * change, and `growing`. With `isLast`, the text is still being written at the end of it.
 */
export function renderTokens(tokens, env, isLast = false) {
  const inline = tokens.filter(({ type }) => type === "inline");
  const end = isLast && env.growing ? inline.findLast(({ content }) => content) : null;
  for (const token of inline) {
    token.children = [];
    env.isEnd = token === end;
    if (MAY_MEAN.test(token.content)) {
      md.inline.parse(token.content, md, env, token.children);
      allowInertTags(token.children);
    } else {
      token.children.push(plainText(token.content));
    }
  }
  return md.renderer.render(tokens, md.options, env);
}
