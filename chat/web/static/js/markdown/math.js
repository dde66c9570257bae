// Draws formulas with KaTeX, which is loaded with the first one. Until then, and for TeX that cannot be parsed, the
// source is shown.

import { strings } from "../strings/index.js";
import { texOf, wholeTex } from "./math-syntax.js";
import { sanitiseFormula } from "./sanitise.js";

const VENDOR = new URL("../../vendor/katex/", import.meta.url);
/** No links, images or HTML; no endlessly growing macros; no letters larger than a line. */
const LIMITS = { trust: false, strict: "ignore", maxExpand: 200, maxSize: 12, throwOnError: true };

/** @type {Promise<any> | null} */
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

/** Resolve when the style sheet is loaded: a formula without it is unreadable. */
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

/** Draw the formula whose source, with delimiters, is in `element`. Of the class `unfinished`, its end is missing. */
export async function drawFormula(element, source) {
  element.dataset.source = source;
  const katex = await load();
  // A newer text came while the library was loading; it is drawn by its own call.
  if (!katex || element.dataset.source !== source) return;
  const growing = element.classList.contains("unfinished");
  const drawn = rendered(katex, texOf(source), element.classList.contains("math-display"), growing);
  const isKept = drawn === null && growing && element.classList.contains("rendered");
  if (drawn) element.replaceChildren(drawn);
  else if (!isKept) element.textContent = source;
  element.classList.toggle("rendered", drawn !== null || isKept);
}

/** Return a new element with the formula, or null if it cannot be drawn. */
function rendered(katex, tex, displayMode, growing) {
  try {
    const tree = katex.__renderToDomTree(growing ? wholeTex(tex) : tex, { ...LIMITS, displayMode });
    const styles = [];
    takeStyles(tree, styles);
    const place = document.createElement("span");
    place.append(tree.toNode());
    sanitiseFormula(place);
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (place.querySelectorAll("[data-style]"))) {
      element.style.cssText = styles[Number(element.getAttribute("data-style"))];
      element.removeAttribute("data-style");
    }
    return place.firstChild;
  } catch (error) {
    if (error instanceof katex.ParseError || error instanceof RangeError) return null;
    console.info(strings.markdown.math, error);
    return null;
  }
}

/**
 * Remove the `style` attributes from KaTeX's tree (arrows, large brackets, roots) and return them as styles to set
 * from script: the content security policy forbids the attributes.
 */
function takeStyles(node, styles) {
  if (node.attributes?.style) {
    node.attributes["data-style"] = String(styles.push(node.attributes.style) - 1);
    delete node.attributes.style;
  }
  // KaTeX 0.19.1 draws tall floors and ceilings by a path that begins with "MM", which browsers do not draw.
  if (node.alternate) node.alternate = node.alternate.replaceAll("MM", "M");
  for (const child of node.children ?? []) takeStyles(child, styles);
}
