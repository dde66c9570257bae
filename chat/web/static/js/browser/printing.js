// The page on paper: what is folded or not drawn yet is there for as long as it is printed, and wide tables fit.

import { flush } from "../markdown/idle-tasks.js";

/** Buttons that show all of something long. */
const FOLDS = '.table-foot [data-task="all-rows"][aria-expanded="false"], .result > [aria-expanded="false"]';
/** What fits on a sheet of A4 or Letter between its margins, in pixels. */
const SHEET = 660;
/** Smaller letters than these nobody reads. */
const SMALLEST = 0.55;

/** @type {(() => void) | null} */
let undo = null;

/** Prepares the page whenever the browser is about to print it, and brings it back afterwards. */
export function watchPrinting(window) {
  window.addEventListener("beforeprint", prepare);
  window.addEventListener("afterprint", restore);
  // A preview does not always say more than this.
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
  const shrunk = [...tables].filter(shrink);
  undo = () => {
    document.documentElement.classList.remove("printing");
    for (const table of shrunk) {
      table.style.zoom = "";
      table.classList.remove("squeezed");
    }
    for (const button of opened) button.click();
  };
}

function restore() {
  undo?.();
  undo = null;
}

/** Whether the table had to be made smaller. */
function shrink(table) {
  table.style.width = "min-content";
  const width = table.offsetWidth;
  table.style.width = "";
  if (width <= SHEET) return false;
  table.style.zoom = String(Math.max(SMALLEST, SHEET / width));
  table.classList.toggle("squeezed", SHEET / width < SMALLEST);
  return true;
}
