// Formulas, drawn by KaTeX, which is fetched when an answer has the first one. Until then, and where TeX is not
// understood, the source stands there as text.

import { strings } from "../strings/index.js";
import { texOf, wholeTex } from "./math-syntax.js";
import { sanitiseFormula } from "./sanitise.js";

const VENDOR = new URL("../../vendor/katex/", import.meta.url);
/** No links, no images, no HTML; no macro that grows for ever, no letter larger than a line. */
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

/** Draws the formula whose source stands in `element`, signs included. `growing`: its end may be missing yet. */
export async function drawFormula(element, source, growing) {
  element.dataset.source = source;
  const katex = await load();
  // A newer text came while the library was on its way, and draws itself.
  if (!katex || element.dataset.source !== source) return;
  const drawn = rendered(katex, texOf(source), element.classList.contains("math-display"), growing);
  const isKept = drawn === null && growing && element.classList.contains("drawn");
  if (drawn) element.replaceChildren(drawn);
  else if (!isKept) element.textContent = source;
  element.classList.toggle("drawn", drawn !== null || isKept);
}

/** A new element with the formula in it, or null where it cannot be drawn. */
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
 * Takes the `style` attributes out of KaTeX's tree, which has some beside the styles it sets from the script: those of
 * arrows, large brackets and roots. As attributes the page's content security policy forbids them.
 */
function takeStyles(node, styles) {
  if (node.attributes?.style) {
    node.attributes["data-style"] = String(styles.push(node.attributes.style) - 1);
    delete node.attributes.style;
  }
  // KaTeX 0.19.1 draws tall floors and ceilings by a path that begins "MM", of which a browser draws nothing.
  if (node.alternate) node.alternate = node.alternate.replaceAll("MM", "M");
  for (const child of node.children ?? []) takeStyles(child, styles);
}
