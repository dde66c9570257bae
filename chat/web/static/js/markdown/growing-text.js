// Markdown that grows while it is read: blocks that are finished are put into the page once and never touched
// again; in the last one, which the next words may still change, only what differs is.

import { noLinks, normalised, renderBlocks } from "./blocks.js";
import { onClick } from "./clicks.js";
import { enhance, languageOf } from "./enhance.js";
import { paint } from "./highlight.js";
import { drawFormula } from "./math.js";
import { morph } from "./morph.js";
import { sanitise } from "./sanitise.js";
import { completed } from "./unfinished.js";

const FORMULA = ".math-inline, .math-display";

export class GrowingText {
  #element;
  #links = noLinks();
  // The source of the blocks that are finished, and how many nodes they are.
  #settled = "";
  #settledNodes = 0;
  #shown = null;

  constructor(element) {
    this.#element = element;
    element.addEventListener("click", onClick);
  }

  /** Shows `text`: usually what was shown before, and more. `growing`: its end is still being written. */
  show(text, growing = false) {
    const source = normalised(text);
    const showing = growing ? `${source}\0` : source;
    if (showing === this.#shown) return;
    this.#shown = showing;
    if (!source.startsWith(this.#settled)) this.#clear();
    const rest = source.slice(this.#settled.length);
    const blocks = renderBlocks(growing ? completed(rest) : rest, this.#links).map(({ raw, html }) => ({
      raw,
      nodes: nodesOf(html),
    }));
    morph(this.#element, this.#settledNodes, blocks.flatMap(({ nodes }) => nodes), (...both) =>
      this.#keep(...both, growing),
    );
    this.#finish(growing);
    this.#settle(blocks);
  }

  #settle(blocks) {
    for (const { raw, nodes } of blocks.slice(0, -1)) {
      this.#settled += raw;
      this.#settledNodes += nodes.length;
    }
  }

  /** Code keeps its colours, and a formula its drawing, until there is something newer to show. */
  #keep(current, next, growing) {
    if (current.nodeType !== Node.ELEMENT_NODE) return false;
    if (current.matches("code[class^=language-]") && current.className === next.className) {
      const shown = current.textContent;
      const text = next.textContent;
      if (text.startsWith(shown)) current.append(text.slice(shown.length));
      else current.textContent = text;
      return true;
    }
    if (!current.matches("[data-tex]") || current.classList[0] !== next.classList[0]) return false;
    if (current.dataset.tex !== next.textContent || !growing) drawFormula(current, next.textContent, growing);
    return true;
  }

  /** Has what is new in the blocks that are not settled coloured and drawn. */
  #finish(growing) {
    for (let node = this.#element.childNodes[this.#settledNodes]; node; node = node.nextSibling) {
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      for (const code of node.querySelectorAll("pre > code")) paint(code, languageOf(code));
      const formulas = node.matches(FORMULA) ? [node] : node.querySelectorAll(FORMULA);
      for (const place of formulas) {
        if (place.dataset.tex === undefined) drawFormula(place, place.textContent, growing);
      }
    }
  }

  #clear() {
    this.#element.replaceChildren();
    this.#links = noLinks();
    this.#settled = "";
    this.#settledNodes = 0;
  }
}

function nodesOf(html) {
  const fragment = sanitise(html);
  enhance(fragment);
  return [...fragment.childNodes];
}
