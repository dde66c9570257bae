// Markdown that grows while it is read: blocks that are finished are put into the page once and never touched
// again; in the last one, which the next words may still change, only what differs is.

import { noLinks, normalised, renderBlocks } from "./blocks.js";
import { onClick } from "./clicks.js";
import { enhance, languageOf } from "./enhance.js";
import { paint } from "./highlight.js";
import { drawFormula } from "./math.js";
import { morph } from "./morph.js";
import { sameStart } from "./same-start.js";
import { sanitise } from "./sanitise.js";
import { completed } from "./unfinished.js";

const FORMULA = ".math-inline, .math-display";

export class GrowingText {
  #element;
  #links = noLinks();
  #outline = [];
  // The source of the blocks that are finished, and how many nodes they are.
  #settled = "";
  #settledNodes = 0;
  #shown = null;
  // The HTML of the last block as it was made the last time.
  #open = "";

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
    const blocks = renderBlocks(growing ? completed(rest) : rest, this.#links, this.#outline);
    const keep = (current, next) => this.#keep(current, next, growing);
    if (!this.#extended(blocks, keep)) {
      for (const block of blocks) block.nodes = nodesOf(block.html);
      morph(
        this.#element,
        this.#settledNodes,
        blocks.flatMap(({ nodes }) => nodes),
        keep,
      );
    }
    this.#finish(growing);
    this.#settle(blocks);
    this.#open = blocks.at(-1)?.html ?? "";
  }

  /** The usual case in a long list or table: something was added at its end, and only that is made. */
  #extended(blocks, keep) {
    const same = blocks.length === 1 ? sameStart(blocks[0].html, this.#open) : null;
    const place = same && this.#element.childNodes[this.#settledNodes];
    const list = place && bodyOf(place);
    if (!list?.children[same.count] || place.querySelector("[aria-sort]")) return false;
    const fresh = nodesOf(same.html).map(bodyOf).find(Boolean);
    const from = [...list.childNodes].indexOf(list.children[same.count]);
    const first = [...fresh.childNodes].findIndex((node) => node.nodeType === Node.ELEMENT_NODE);
    morph(list, from, [...fresh.childNodes].slice(first), keep);
    return true;
  }

  #settle(blocks) {
    for (const { raw, nodes, outline } of blocks.slice(0, -1)) {
      this.#outline = outline;
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
    this.#outline = [];
    this.#settled = "";
    this.#settledNodes = 0;
    this.#open = "";
  }
}

/** What holds the rows of a table or the items of a list, if that is what the node is. */
function bodyOf(node) {
  if (node.nodeName === "UL" || node.nodeName === "OL") return node;
  return node.className === "table-block" ? node.querySelector("tbody") : null;
}

function nodesOf(html) {
  const fragment = sanitise(html);
  enhance(fragment);
  return [...fragment.childNodes];
}
