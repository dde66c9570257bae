// Bars in table rows that are no borders: in a formula (`$|x|$`), in code (`a || b`), and in a row with more cells than
// the header. The parser would leave out the cells that are too many.

import { formulaAt } from "./math-syntax.js";

/** Replaces such a bar while the row is split at bars. No text has this character. */
const BAR = "\ufdd0";

/** A bar that is not escaped for the table: `\|` in a cell is a bar, but `\left\|` is TeX's double one. */
const OWN_BAR = /(?<!\\)\||(?<=\\(?:left|right|middle|[bB]igg?[lmr]?)\\)\|/g;
const BORDER = /(?<!\\)\|/g;
/** Code without spaces at its ends: one backtick each in two cells is none. */
const CODE = /(?<!`)(`+)(?![`\s])(?:.*?[^`\s])?\1(?!`)/g;

/** Wrap the parser's table rule. */
export function keepBars(tableRule) {
  return (state, startLine, endLine, silent) => {
    const whole = state.src;
    const from = state.tokens.length;
    state.src = masked(state, startLine, silent ? startLine + 1 : endLine);
    const read = tableRule(state, startLine, endLine, silent);
    if (state.src === whole) return read;
    state.src = whole;
    for (const token of state.tokens.slice(from)) token.content = token.content.replaceAll(BAR, "|");
    return read;
  };
}

/** Return the source with the bars of a table that begins at this line replaced. */
function masked(state, startLine, endLine) {
  const lineAt = (line) => state.src.slice(state.bMarks[line] + state.tShift[line], state.eMarks[line]);
  const rule = startLine + 1 < state.lineMax ? lineAt(startLine + 1) : "";
  if (!/^[|:-][\s|:-]*$/.test(rule)) return state.src;
  const columns = cellsOf(rule);
  let joined = "";
  let done = 0;
  for (let line = startLine; line < endLine && !state.isEmpty(line); line += 1) {
    const row = lineAt(line);
    const next = line === startLine ? withInnerBars(row, columns) : withColumns(withInnerBars(row, columns), columns);
    if (next === row) continue;
    const at = state.bMarks[line] + state.tShift[line];
    joined += state.src.slice(done, at) + next;
    done = at + row.length;
  }
  return done === 0 ? state.src : joined + state.src.slice(done);
}

/** Return the number of cells of a row. */
function cellsOf(row) {
  const cells = row.trim().split(BORDER);
  return cells.length - Number(cells[0] === "") - Number(cells.length > 1 && cells.at(-1) === "");
}

/** Replace bars in formulas; and bars in code if the row would have too many cells. */
function withInnerBars(row, columns) {
  const line = withFormulas(row);
  if (!line.includes("`") || cellsOf(line) <= columns) return line;
  const whole = line.replace(CODE, (code) => code.replace(BORDER, BAR));
  return cellsOf(whole) < columns ? line : whole;
}

/** Join the cells that are too many to the last one. */
function withColumns(row, columns) {
  const tooMany = cellsOf(row) - columns;
  if (tooMany <= 0) return row;
  const borders = [...row.matchAll(BORDER)].map(({ index }) => index);
  if (/^\s*\|/.test(row)) borders.shift();
  const inner = borders.slice(columns - 1, columns - 1 + tooMany);
  if (!row.slice(inner[0]).replace(BORDER, "").trim()) return row;
  return inner.reduce((marked, at) => marked.slice(0, at) + BAR + marked.slice(at + 1), row);
}

function withFormulas(line) {
  if (!line.includes("|") || !/\$|\\\(/.test(line)) return line;
  let joined = "";
  let from = 0;
  for (const { index } of line.matchAll(/\$|\\\(/g)) {
    if (index < from) continue;
    const formula = formulaAt(line, index);
    if (!formula || !Number.isFinite(formula.end) || !isOneCell(formula.tex)) continue;
    joined += line.slice(from, index) + line.slice(index, formula.end).replace(OWN_BAR, BAR);
    from = formula.end;
  }
  return joined + line.slice(from);
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
