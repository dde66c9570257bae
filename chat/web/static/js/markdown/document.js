// A growing Markdown text as the HTML of its blocks. Finished blocks are rendered once. If a definition comes after its
// use, the blocks that use it are rendered again. Pure: no DOM.

import { normalised, readBlocks, renderTokens } from "./blocks.js";
import { Definitions } from "./definitions.js";
import { completed } from "./unfinished.js";
import { lastDisplay } from "./unfinished-formula.js";

export class MarkdownDocument {
  #options;
  #source = "";
  // The finished blocks, those among them with definitions, and their total length in characters.
  #settled = [];
  #defining = [];
  #length = 0;
  #definitions = new Definitions();
  #signature = "";
  // The end of the text was completed, and is not what was written.
  #isCompleted = false;

  /** `address` returns the allowed address of a link, or null; `image` returns the name of an image. */
  constructor(options = {}) {
    this.#options = options;
  }

  /**
   * Read `text`, usually the previous one with more at its end. `growing`: its end is still being written. Return
   * `{fresh, settled, changed, open, done, notes}`: `fresh`, nothing of the previous result is valid; `settled`, the
   * number of settled blocks before; `changed`, those rendered again, `{index, html}`; `open`, the HTML of each block
   * after them, of which the first `done` are settled now; `notes`, the HTML of the footnotes.
   */
  read(text, growing = false) {
    const source = normalised(text);
    const fresh = !source.startsWith(this.#source);
    if (fresh) this.#clear();
    const settled = this.#settled.length;
    const { done, open } = this.#blocks(source.slice(this.#length), growing);
    const blocks = [...done, ...open];
    this.#definitions.update([...this.#defining, ...blocks]);
    const changed = this.#renderSettled(growing);
    this.#renderOpen(blocks, done.length, growing);
    const notes = this.#renderNotes(blocks.at(-1), growing);
    this.#settle(done, source);
    return { fresh, settled, changed, open: blocks.map(({ html }) => html), done: done.length, notes };
  }

  /** Return the blocks of the rest that cannot change any more, and those after them. */
  #blocks(rest, growing) {
    const whole = growing ? rest.slice(0, certainLength(rest)) : rest;
    const done = readBlocks(whole).slice(0, -1);
    const tail = rest.slice(done.reduce((sum, { raw }) => sum + raw.length, 0));
    const shown = growing ? completed(tail) : tail;
    this.#isCompleted = shown.trimEnd() !== tail.trimEnd();
    return { done, open: readBlocks(shown) };
  }

  #clear() {
    this.#settled = [];
    this.#defining = [];
    this.#length = 0;
    this.#signature = "";
  }

  #settle(blocks, source) {
    for (const block of blocks) {
      this.#length += block.raw.length;
      if (block.links.size + block.notes.size > 0) this.#defining.push(block);
      // Keep tokens only of blocks that may be rendered again.
      this.#settled.push(block.lookups.size > 0 ? block : { ...block, tokens: null });
    }
    this.#source = source.slice(0, this.#length);
  }

  /** Render settled blocks again that use changed definitions: all in order, since notes are counted in order. */
  #renderSettled(growing) {
    const signature = this.#definitions.signature(growing);
    if (signature === this.#signature) {
      this.#definitions.countOn();
      return [];
    }
    this.#signature = signature;
    this.#definitions.countAgain();
    const changed = [];
    this.#settled.forEach((block, index) => {
      const before = block.html;
      if (block.lookups.size > 0) this.#render(block, growing);
      if (block.html !== before) changed.push({ index, html: block.html });
    });
    return changed;
  }

  #renderOpen(blocks, done, growing) {
    let above = this.#settled.at(-1)?.outline ?? [];
    blocks.forEach((block, index) => {
      if (index === done) this.#definitions.markSettled();
      block.above = above;
      this.#render(block, growing, index === blocks.length - 1);
      above = block.outline;
    });
  }

  #render(block, growing, isLast = false) {
    const env = this.#env(growing, block.above);
    block.html = renderTokens(block.tokens, env, isLast);
    block.lookups = env.lookups;
    block.outline = env.outline;
  }

  #env(growing, outline) {
    const lookups = new Set();
    const isCompleted = this.#isCompleted;
    return {
      ...this.#options,
      growing,
      isCompleted,
      outline,
      lookups,
      ...this.#definitions.lookedUp(lookups, growing),
    };
  }

  #renderNotes(last, growing) {
    const render = (label, tokens) => renderTokens(tokens, this.#env(growing, []), last.notes.has(label));
    const notes = this.#definitions.renderNotes(render);
    if (notes.length === 0) return "";
    const items = notes.map(({ number, uses, html }) => `<li class="note-${number}-${uses}">\n${html}</li>\n`);
    return `<section class="notes"><ol>\n${items.join("")}</ol></section>\n`;
  }
}

/** Return the length of the text that cannot change: whole lines, up to a formula without an end. */
function certainLength(text) {
  const lines = text.lastIndexOf("\n") + 1;
  const { open } = lastDisplay(text.slice(0, lines));
  return open < 0 ? lines : open;
}

/** Return the HTML of a complete text. */
export function renderText(text, options) {
  const { open, notes } = new MarkdownDocument(options).read(text);
  return open.join("") + notes;
}
