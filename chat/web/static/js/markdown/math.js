// Formulas, drawn by KaTeX, which is fetched when an answer has the first one. Until then, and where TeX is not
// understood, the source stands there as text.

import { strings } from "../strings/index.js";
import { wholeTex } from "./math-syntax.js";
import { sanitiseFormula } from "./sanitise.js";

const VENDOR = new URL("../../vendor/katex/", import.meta.url);
/** No links, no images, no HTML; no macro that grows for ever, no letter larger than a line. */
const LIMITS = { trust: false, strict: "ignore", maxExpand: 200, maxSize: 12, throwOnError: true };

let library = null;

function load() {
  library ??= Promise.all([import(new URL("katex.js", VENDOR).href), stylesheet()]).then(
    () => globalThis.katex,
    () => {
      library = null;
      return null;
    },
  );
  return library;
}

/** Resolves when the style is there: a formula without it is a heap of letters. */
function stylesheet() {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL("katex.css", VENDOR).href;
    link.onload = resolve;
    link.onerror = reject;
    document.head.append(link);
  });
}

/** Draws the formula that stands in `element` as text. `growing`: its end may be missing yet. */
export async function drawFormula(element, tex, growing) {
  element.dataset.tex = tex;
  const katex = await load();
  // A newer text came while the library was on its way, and draws itself.
  if (!katex || element.dataset.tex !== tex) return;
  const drawn = rendered(katex, tex, element.classList.contains("math-display"), growing);
  if (drawn) element.replaceChildren(...drawn.childNodes);
  element.classList.toggle("drawn", drawn !== null || (growing && element.classList.contains("drawn")));
}

/** A new element with the formula in it, or null where it cannot be drawn. */
function rendered(katex, tex, displayMode, growing) {
  const place = document.createElement("span");
  try {
    katex.render(growing ? wholeTex(tex) : tex, place, { ...LIMITS, displayMode });
  } catch (error) {
    if (error instanceof katex.ParseError || error instanceof RangeError) return null;
    console.info(strings.markdown.math, error);
    return null;
  }
  sanitiseFormula(place);
  return place;
}
