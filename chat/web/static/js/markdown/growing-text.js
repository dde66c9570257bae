// Markdown that grows while it is read: blocks that are finished are put into the page once and never touched
// again; only the last one, which the next words may still change, is replaced.

import { noLinks, normalised, renderBlocks } from "./blocks.js";
import { sanitise } from "./sanitise.js";

export class GrowingText {
  #element;
  #links = noLinks();
  #settled = "";
  #open = [];
  #shown = null;

  constructor(element) {
    this.#element = element;
  }

  /** Shows `text`: usually what was shown before, and more. */
  show(text) {
    const source = normalised(text);
    if (source === this.#shown) return;
    if (!source.startsWith(this.#settled)) this.#clear();
    this.#shown = source;
    for (const node of this.#open) node.remove();
    const blocks = renderBlocks(source.slice(this.#settled.length), this.#links);
    blocks.forEach((block, index) => this.#append(block, index === blocks.length - 1));
  }

  #append({ raw, html }, last) {
    const nodes = this.#wrapped(sanitise(html));
    this.#element.append(...nodes);
    if (last) this.#open = nodes;
    else this.#settled += raw;
  }

  /** A wide table scrolls by itself, and by keyboard too, instead of widening the page. */
  #wrapped(fragment) {
    for (const table of fragment.querySelectorAll("table")) {
      const frame = document.createElement("div");
      frame.className = "table-scroll";
      frame.tabIndex = 0;
      table.replaceWith(frame);
      frame.append(table);
    }
    return [...fragment.childNodes];
  }

  #clear() {
    this.#element.replaceChildren();
    this.#links = noLinks();
    this.#settled = "";
    this.#open = [];
  }
}
