// Parser rules for formulas: in blocks, in lines and in table cells. The source with its delimiters is in the page
// until math.js has drawn it.

import { formulaAt } from "./math-syntax.js";

/** Replaces a bar in a formula while a table row is split at bars. No text has this character. */
const BAR = "\ufdd0";

/** A bar that is not escaped for the table: `\|` in a cell is a bar, but `\left\|` is TeX's double one. */
const OWN_BAR = /(?<!\\)\||(?<=\\(?:left|right|middle|[bB]igg?[lmr]?)\\)\|/g;
/** A longer block is no formula. */
const MOST_LINES = 400;

export function addFormulas(md) {
  const mayInterrupt = { alt: ["paragraph", "reference", "blockquote", "list"] };
  md.block.ruler.before("fence", "formula", displayRule, mayInterrupt);
  md.inline.ruler.before("escape", "formula", inlineRule);
  const { escapeHtml } = md.utils;
  const formula = ({ content, meta }) =>
    `<code class="math-${meta.display ? "display" : "inline"}">${escapeHtml(content)}</code>`;
  md.renderer.rules.formula = (tokens, index) => formula(tokens[index]);
  md.renderer.rules.formula_block = (tokens, index) => `${formula(tokens[index])}\n`;
}

function displayRule(state, startLine, endLine, silent) {
  const start = state.bMarks[startLine] + state.tShift[startLine];
  if (
    state.sCount[startLine] - state.blkIndent >= 4 ||
    !/^(?:\$\$|\\\[|\\begin\{)/.test(state.src.slice(start, start + 7))
  ) {
    return false;
  }
  const text = state.getLines(startLine, Math.min(endLine, startLine + MOST_LINES), state.sCount[startLine], false);
  const found = formulaAt(text, 0);
  if (!found?.display || !Number.isFinite(found.end) || !/^[ \t]*(?:\n|$)/.test(text.slice(found.end))) return false;
  const lines = text.slice(0, found.end).split("\n").length;
  // Less indentation is outside of the list or quote in which the formula began.
  for (let line = startLine; line < startLine + lines; line += 1) {
    if (!state.isEmpty(line) && state.sCount[line] < state.blkIndent) return false;
  }
  if (silent) return true;
  const token = state.push("formula_block", "code", 0);
  token.content = text.slice(0, found.end);
  token.meta = { display: true };
  token.map = [startLine, startLine + lines];
  state.line = startLine + lines;
  return true;
}

function inlineRule(state, silent) {
  if (state.src[state.pos] !== "$" && state.src[state.pos] !== "\\") return false;
  const found = formulaAt(state.src, state.pos);
  if (!found || found.end > state.posMax) return false;
  if (!silent) {
    const token = state.push("formula", "code", 0);
    token.content = state.src.slice(state.pos, found.end);
    token.meta = { display: found.display };
  }
  state.pos = found.end;
  return true;
}

/** Wrap the parser's table rule, so that `$|x|$` is one cell. */
export function keepBars(tableRule) {
  return (state, startLine, endLine, silent) => {
    const whole = state.src;
    state.env.masked ??= masked(whole);
    if (state.env.masked === whole) return tableRule(state, startLine, endLine, silent);
    const from = state.tokens.length;
    state.src = state.env.masked;
    const read = tableRule(state, startLine, endLine, silent);
    state.src = whole;
    for (const token of state.tokens.slice(from)) token.content = token.content.replaceAll(BAR, "|");
    return read;
  };
}

function masked(text) {
  if (!text.includes("|") || !/\$|\\\(/.test(text)) return text;
  return text.split("\n").map(maskedLine).join("\n");
}

function maskedLine(line) {
  if (!line.includes("|")) return line;
  let made = "";
  let from = 0;
  for (const { index } of line.matchAll(/\$|\\\(/g)) {
    if (index < from) continue;
    const found = formulaAt(line, index);
    if (!found || !Number.isFinite(found.end) || !isOneCell(found.tex)) continue;
    made += line.slice(from, index) + line.slice(index, found.end).replace(OWN_BAR, BAR);
    from = found.end;
  }
  return made + line.slice(from);
}

/**
 * Return whether the bars belong to a formula: they are paired, in its brackets, or next to TeX. Cells have spaces as
 * well.
 */
function isOneCell(tex) {
  const parts = tex.split(OWN_BAR);
  if (parts.length < 2) return false;
  if (/[\\^_=]/.test(tex) || parts[0].split(/[([{]/).length > parts[0].split(/[)\]}]/).length) return true;
  return parts.length % 2 === 1 && !/ \| /.test(tex);
}
