// Parser rules for formulas, in blocks and in lines. The source with its delimiters is in the page until math.js has
// drawn it.

import { isAtEnd } from "./emphasis.js";
import { formulaAt } from "./math-syntax.js";

/** A longer block is no formula. */
const MOST_LINES = 400;

export function addFormulas(md) {
  const mayInterrupt = { alt: ["paragraph", "reference", "blockquote", "list"] };
  md.block.ruler.before("fence", "formula", displayRule, mayInterrupt);
  md.inline.ruler.before("escape", "formula", inlineRule);
  const { escapeHtml } = md.utils;
  const formula = ({ content, meta }) => {
    const kind = (meta.display ? "display" : "inline") + (meta.unfinished ? " unfinished" : "");
    return `<code class="math-${kind}">${escapeHtml(content)}</code>`;
  };
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
  const match = formulaAt(text, 0);
  if (!match?.display || !Number.isFinite(match.end) || !/^[ \t]*(?:\n|$)/.test(text.slice(match.end))) return false;
  const lines = text.slice(0, match.end).split("\n").length;
  // Less indentation is outside of the list or quote in which the formula began.
  for (let line = startLine; line < startLine + lines; line += 1) {
    if (!state.isEmpty(line) && state.sCount[line] < state.blkIndent) return false;
  }
  if (silent) return true;
  const token = state.push("formula_block", "code", 0);
  token.content = text.slice(0, match.end);
  token.meta = { display: true };
  token.map = [startLine, startLine + lines];
  state.line = startLine + lines;
  return true;
}

/** Return whether the formula before `end` was completed by us: only signs that close emphasis come after it. */
function isUnfinished({ env, src }, end) {
  return env.isEnd && env.isCompleted && isAtEnd(src, end);
}

function inlineRule(state, silent) {
  if (state.src[state.pos] !== "$" && state.src[state.pos] !== "\\") return false;
  const match = formulaAt(state.src, state.pos);
  if (!match || match.end > state.posMax) return false;
  if (!silent) {
    const token = state.push("formula", "code", 0);
    token.content = state.src.slice(state.pos, match.end);
    token.meta = { display: match.display, unfinished: isUnfinished(state, match.end) };
  }
  state.pos = match.end;
  return true;
}
