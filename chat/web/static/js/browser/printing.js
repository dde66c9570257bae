// Print layout: while the page is printed, folded and undrawn content is shown, and wide tables and formulas are scaled
// to fit.

import { flush } from "../markdown/idle-tasks.js";

/** Buttons that expand long content. */
const FOLDS = '.table-foot [data-task="all-rows"][aria-expanded="false"], .result > [aria-expanded="false"]';
/** Width of an A4 or Letter page between its margins, in pixels. */
const SHEET = 660;
/** The smallest scale that is still readable. */
const SMALLEST = 0.55;

/** @type {(() => void) | null} */
let undo = null;

/** Prepare the page when the browser is about to print it, and restore it afterwards. */
export function watchPrinting(window) {
  window.addEventListener("beforeprint", prepare);
  window.addEventListener("afterprint", restore);
  // Some browsers report only this for a print preview.
  window.matchMedia("print").addEventListener("change", ({ matches }) => (matches ? prepare() : restore()));
}

function prepare() {
  if (undo) return;
  flush();
  const opened = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(FOLDS))];
  for (const button of opened) button.click();
  document.documentElement.classList.add("printing");
  /** @type {NodeListOf<HTMLTableElement>} */
  const tables = document.querySelectorAll(".table-scroll > table");
  /** @type {HTMLElement[]} */
  const shrunk = [...tables].filter(shrink);
  /** @type {NodeListOf<HTMLElement>} */
  const formulas = document.querySelectorAll(".math-display .katex-display");
  shrunk.push(...[...formulas].filter(shrinkFormula));
  undo = () => {
    document.documentElement.classList.remove("printing");
    for (const element of shrunk) {
      element.style.zoom = "";
      element.classList.remove("keep-size");
    }
    for (const button of opened) button.click();
  };
}

function restore() {
  undo?.();
  undo = null;
}

/** Scale a table down if it is too wide. Return whether that was needed. */
function shrink(table) {
  table.style.width = "min-content";
  const width = table.offsetWidth;
  table.style.width = "";
  if (width <= SHEET) return false;
  table.style.zoom = String(Math.max(SMALLEST, SHEET / width));
  table.classList.toggle("keep-size", SHEET / width < SMALLEST);
  return true;
}

/** Scale a formula down if it is too wide. Return whether that was needed. */
function shrinkFormula(formula) {
  const drawn = document.createRange();
  drawn.selectNodeContents(formula.querySelector(".katex-html") ?? formula);
  const { width } = drawn.getBoundingClientRect();
  if (width <= SHEET) return false;
  formula.style.zoom = String(SHEET / width);
  return true;
}
