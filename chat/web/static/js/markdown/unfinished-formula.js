// Formulas that are still being written. Pure.

import { formulaAt } from "./math-syntax.js";

/** Return where a display formula without an end begins, or -1; and where the last complete one ends. */
export function lastDisplay(text) {
  let from = 0;
  for (const { index, 0: indent } of text.matchAll(/^ {0,3}(?=\$\$|\\\[|\\begin\{)/gm)) {
    if (index < from) continue;
    const formula = formulaAt(text, index + indent.length);
    if (formula && !Number.isFinite(formula.end)) return { open: index + indent.length, end: from };
    from = formula?.end ?? from;
  }
  return { open: -1, end: from };
}

/**
 * Complete the formula that begins at `at`; return "" if none of it can be drawn yet, null if it would be none: text
 * between two signs.
 */
export function wholeFormula(text, at, formula) {
  const whole = closedFormula(text, at, formula);
  const before = text.slice(0, at);
  return whole === "" || formulaAt(before + whole, at)?.end === before.length + whole.length ? whole : null;
}

function closedFormula(text, at, { tex, display }) {
  const environment = /^\\begin\{([^}]*)\}/.exec(tex);
  if (environment) return wholeEnvironment(tex, environment);
  const opening = text.slice(at, at + (/^(?:\$\$|\\)/.test(text.slice(at, at + 2)) ? 2 : 1));
  const closing = { "\\(": "\\)", "\\[": "\\]" }[opening] ?? opening;
  const written = tex.replace(/[\s$\\]+$/, "");
  if (!written.trim()) return "";
  return opening + written + (display && tex.includes("\n") ? "\n" : "") + closing;
}

function wholeEnvironment(tex, /** @type {string[]} */ [opening, name]) {
  const written = tex
    .slice(opening.length)
    .replace(/\\(?:e|en|end|end\{[^}]*)$/, "")
    .trimEnd();
  return written ? `${opening}${written}\n\\end{${name}}` : "";
}
