// Markdown that grows in the page. Finished blocks are inserted once and not touched again; in the last block, only
// differences are changed.

import { element } from "../browser/tasks.js";
import { sortAgain } from "../table/frame.js";
import { onClick } from "./clicks.js";
import { commonPrefix } from "./common-prefix.js";
import { MarkdownDocument } from "./document.js";
import { enhance, languageOf } from "./enhance.js";
import { paint } from "./highlight.js";
import { drawFormula } from "./math.js";
import { morph } from "./morph.js";
import { sanitise } from "./sanitise.js";

const FORMULA = ".math-inline, .math-display";

let places = 0;

export class GrowingText {
  #element;
  #document = new MarkdownDocument();
  // Distinguishes the notes of this text from those of others.
  #name = `text-${++places}`;
  // The number of nodes of each finished block, and of all of them.
  #counts = [];
  #settledNodes = 0;
  #shown = null;
  // The HTML of the last block in its previous version.
  #open = "";

  constructor(place) {
    this.#element = place;
    place.addEventListener("click", onClick);
  }

  /** Show `text`, usually the previous one with more at its end. `growing`: its end is still being written. */
  show(text, growing = false) {
    const showing = growing ? `${text}\0` : text;
    if (showing === this.#shown) return;
    this.#shown = showing;
    try {
      this.#render(text, growing);
    } catch (error) {
      console.error(error);
      this.#showSource(text);
    }
  }

  /** A fault in the program must not hide an answer. */
  #showSource(text) {
    this.#clear();
    this.#document = new MarkdownDocument();
    this.#element.append(element("p", "verbatim", text));
  }

  #render(text, growing) {
    const read = this.#document.read(text, growing);
    if (read.fresh) this.#clear();
    const keep = (current, next) => this.#keep(current, next);
    for (const { index, html } of read.changed) this.#showAgain(index, html, keep);
    // What the last rows change of the whole table, such as its direction, is done at the end.
    if (!growing || read.notes !== "" || !this.#extended(read.open, keep)) this.#showOpen(read, keep);
    this.#finish(this.#settledNodes);
    const settled = this.#counts.slice(read.settled);
    this.#settledNodes += settled.reduce((sum, count) => sum + count, 0);
    this.#open = read.notes === "" && read.open.length === read.done + 1 ? read.open.at(-1) : "";
  }

  #showOpen({ open, done, notes }, keep) {
    const blocks = [...open, notes].map((html) => this.#nodesOf(html));
    morph(this.#element, this.#settledNodes, blocks.flat(), keep);
    this.#counts.push(...blocks.slice(0, done).map((nodes) => nodes.length));
  }

  /** Replace a finished block whose links or notes have been defined since. */
  #showAgain(index, html, keep) {
    const from = this.#counts.slice(0, index).reduce((sum, count) => sum + count, 0);
    const end = this.#element.childNodes[from + this.#counts[index]] ?? null;
    const nodes = this.#nodesOf(html);
    morph(this.#element, from, nodes, keep, end);
    this.#settledNodes += nodes.length - this.#counts[index];
    this.#counts[index] = nodes.length;
    this.#finish(from);
  }

  #nodesOf(html) {
    const fragment = sanitise(html);
    enhance(fragment, this.#name);
    return [...fragment.childNodes];
  }

  /** The usual case in a long list or table: render only the part added at its end. */
  #extended(open, keep) {
    const same = open.length === 1 ? commonPrefix(open[0], this.#open) : null;
    const place = same && this.#element.childNodes[this.#settledNodes];
    const list = place && bodyOf(place);
    if (!same || !list?.children[same.count] || place.querySelector("[aria-sort]")) return false;
    const fresh = this.#nodesOf(same.html).map(bodyOf).find(Boolean);
    const from = [...list.childNodes].indexOf(list.children[same.count]);
    const first = [...fresh.childNodes].findIndex((node) => node.nodeType === Node.ELEMENT_NODE);
    morph(list, from, [...fresh.childNodes].slice(first), keep);
    return true;
  }

  /** Code keeps its colours, and a formula its drawing, until a newer version is ready. */
  #keep(current, next) {
    if (current.nodeType !== Node.ELEMENT_NODE) return false;
    if (current.matches("code[class^=language-]") && current.className === next.className) {
      const shown = current.textContent;
      const text = next.textContent;
      if (text.startsWith(shown)) current.append(text.slice(shown.length));
      else current.textContent = text;
      return true;
    }
    if (!current.matches("[data-source]") || current.classList[0] !== next.classList[0]) return false;
    const wasUnfinished = current.classList.contains("unfinished");
    const isUnfinished = current.classList.toggle("unfinished", next.classList.contains("unfinished"));
    if (current.dataset.source !== next.textContent || wasUnfinished !== isUnfinished) {
      drawFormula(current, next.textContent);
    }
    return true;
  }

  /** Highlight code and draw formulas from the node `from` on. */
  #finish(from) {
    for (let node = this.#element.childNodes[from]; node; node = node.nextSibling) {
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      for (const head of node.querySelectorAll("th[aria-sort]")) sortAgain(head.closest("table"));
      for (const code of node.querySelectorAll("pre > code")) paint(code, languageOf(code));
      const formulas = node.matches(FORMULA) ? [node] : node.querySelectorAll(FORMULA);
      for (const place of formulas) {
        if (place.dataset.source === undefined) drawFormula(place, place.textContent);
      }
    }
  }

  #clear() {
    this.#element.replaceChildren();
    this.#counts = [];
    this.#settledNodes = 0;
    this.#open = "";
  }
}

/** Return the container of a table's rows or a list's items, if the node is one. */
function bodyOf(node) {
  if (node.nodeName === "UL" || node.nodeName === "OL") return node;
  return node.className === "table-block" ? node.querySelector("tbody") : null;
}
