// Splits Markdown into blocks, so that a growing text only renders its last one again. Pure: strings in, tokens and
// HTML out.

import { allowInertTags } from "./html-rules.js";
import { md, PlainToken } from "./parser.js";
import { prepareLists } from "./rendering.js";

/** Normalise line ends as the parser does, so that offsets in tokens and text agree. */
export function normalised(text) {
  // Most texts have none of these characters, and a search is much cheaper than a replacement on every update.
  const lines = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
  return lines.includes("\0") ? lines.replaceAll("\0", "\ufffd") : lines;
}

/**
 * Return the blocks of `text`, `{raw, tokens, links, notes}` each; all `raw`s joined are the text. `links` are its
 * link definitions (`[name]: address`) and `notes` its footnotes, by name.
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

/** Group tokens from each outermost opening token to its closing one. A possible title stays with its definition. */
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

/** Remove footnotes and definitions from the place where they were written. */
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

/** Characters that may be markup. Most table cells have none, and are rendered again with each new row. */
const MAY_MEAN = /[\n![\]*_~`$\\&<:@]|www\./i;

function plainText(content) {
  return Object.assign(new PlainToken("text", "", 0, 0), { content });
}

/**
 * Return the HTML of a block's tokens. `env` has what it depends on: `references`, `notes`, `growing`, and `outline`,
 * which headings change. `isLast`: the text is still being written at its end.
 */
export function renderTokens(tokens, env, isLast = false) {
  const inline = tokens.filter(({ type }) => type === "inline");
  const last =
    isLast && env.growing ? tokens.findLast(({ content, type }) => content && !type.endsWith("_close")) : null;
  if (last?.type === "formula_block") last.meta.unfinished = env.isCompleted;
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
