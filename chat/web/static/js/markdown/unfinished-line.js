// Completes unfinished inline Markdown: emphasis, code, links, formulas. Pure: text in, text out.

import { scanRun } from "./emphasis.js";
import { formulaAt } from "./math-syntax.js";
import { wholeFormula } from "./unfinished-formula.js";

/** A longer link or image is not searched for: every "[" would scan all the rest. */
export const LONGEST_LINK = 3000;
/** Text that is more likely a citation or a footnote than a link. */
const CITATION = /^\[(?:\d[\d,\s–-]*|\^.*)\]$/;
/** An image that is a link's label: its own address is not shown. */
const IMAGE = /^\[!\[/;

/** Return `text` with all open inline markup after `from` closed. */
export function wholeInline(text, from) {
  const scan = new Inline(text, from);
  return scan.finish();
}

class Inline {
  #text;
  #at;
  /**
   * Open markup, outermost first: `{sign, count, start, from}`, where `start` is its first character and `from` its
   * first word.
   */
  #open = [];

  constructor(text, from) {
    this.#text = text;
    this.#at = from;
  }

  finish() {
    while (this.#at < this.#text.length) {
      const sign = this.#text[this.#at];
      const read = { "\\": "backslash", "`": "code", $: "formula", "[": "link", "!": "image", "<": "angle" }[sign];
      const ended = read ? this[read]() : /[*_~]/.test(sign) ? this.emphasis(sign) : this.#skip(1);
      if (ended) break;
    }
    this.#dropEmpty();
    const closing = this.#open.reverse().map(({ sign, count }) => sign.repeat(count));
    return closing.length > 0 ? this.#text.trimEnd() + closing.join("") : this.#text;
  }

  /** Hide markup without text after it. */
  #dropEmpty() {
    for (let last = this.#open.at(-1); last && last.from >= this.#text.trimEnd().length; last = this.#open.at(-1)) {
      this.#text = this.#text.slice(0, last.start);
      this.#open.pop();
    }
  }

  #skip(count) {
    this.#at += count;
    return false;
  }

  #rest() {
    return this.#text.slice(this.#at, this.#at + LONGEST_LINK);
  }

  /** Hide text whose meaning is not clear yet. */
  #cut() {
    this.#text = this.#text.slice(0, this.#at);
    return true;
  }

  backslash() {
    const rest = this.#text.slice(this.#at, this.#at + 30);
    if (rest === "\\" || /^\\b(?:e(?:g(?:i(?:n(?:\{[a-zA-Z*]*)?)?)?)?)?$/.test(rest)) return this.#cut();
    return /^\\(?:[([]|begin\{)/.test(rest) ? this.formula() : this.#skip(2);
  }

  code() {
    const marks = /** @type {RegExpExecArray} */ (/^`+/.exec(this.#text.slice(this.#at)))[0];
    const inside = this.#text.slice(this.#at + marks.length);
    const close = inside.search(new RegExp(`(?<!\`)${marks}(?!\`)`));
    if (close >= 0) return this.#skip(close + 2 * marks.length);
    const written = inside.replace(/`+$/, "");
    if (!written.trim()) return this.#cut();
    this.#text = this.#text.slice(0, this.#at) + marks + written + marks;
    return true;
  }

  formula() {
    if (/^\${1,2}$/.test(this.#text.slice(this.#at))) return this.#cut();
    const formula = formulaAt(this.#text, this.#at);
    if (!formula) return this.#skip(this.#text[this.#at] === "\\" ? 2 : 1);
    if (Number.isFinite(formula.end)) return this.#skip(formula.end - this.#at);
    const whole = wholeFormula(this.#text, this.#at, formula);
    if (whole === "") return this.#cut();
    if (whole === null) return this.#skip(this.#text[this.#at] === "\\" ? 2 : 1);
    this.#text = this.#text.slice(0, this.#at) + whole;
    return true;
  }

  image() {
    const rest = this.#rest();
    if (rest === "!") return this.#cut();
    if (rest[1] !== "[") return this.#skip(1);
    const whole = /^!\[[^\]\n]*\]\([^)\n]*\)/.exec(rest);
    if (whole) return this.#skip(whole[0].length);
    // An unfinished image looks like the link that it will become.
    const label = /^!\[([^\]\n]*)(?:\]?$|\]\([^\n]*$)/.exec(rest);
    if (!label) return this.#skip(2);
    if (!label[1]) return this.#cut();
    this.#text = `${this.#text.slice(0, this.#at)}![${label[1]}]()`;
    return true;
  }

  link() {
    const rest = this.#rest();
    const whole = /^\[(?:[^[\]\\\n]|\\.|\[[^\]\n]*\])*\]/.exec(rest);
    if (!whole) return this.#label(rest);
    const after = rest.slice(whole[0].length);
    // Half a label of a definition is hidden, like its brackets.
    if (after === "" || /^\[[^\]\n]{0,100}$/.test(after)) return this.#onlyWords(whole[0]);
    if (after[0] !== "(") return this.#skip(1);
    const address = /^\((?:[^()\n]|\([^()\n]*\))*\)/.exec(after);
    if (address) return this.#skip(whole[0].length + address[0].length);
    if (after.includes("\n")) return this.#skip(1);
    this.#text = `${this.#text.slice(0, this.#at)}${whole[0]}()`;
    return true;
  }

  #onlyWords(label) {
    if (CITATION.test(label) || IMAGE.test(label)) return this.#cut();
    this.#text = this.#text.slice(0, this.#at) + label.slice(1, -1);
    return false;
  }

  /** A label without an end: hide the bracket, since most become links. */
  #label(rest) {
    if (rest.length > 300 || rest.includes("\n")) return this.#skip(1);
    if (/^\[[\s^xX]?$/.test(rest) || IMAGE.test(rest) || CITATION.test(`${rest}]`)) return this.#cut();
    this.#text = this.#text.slice(0, this.#at) + rest.slice(1);
    return false;
  }

  angle() {
    const rest = this.#text.slice(this.#at, this.#at + LONGEST_LINK);
    if (/^<(?:h(?:t(?:t(?:p(?:s?(?::\/{0,2})?)?)?)?)?)?$/.test(rest)) return this.#cut();
    if (/^<(?:br?|\/?s(?:u[bp]?)?|\/)?\s*\/?$/i.test(rest)) return this.#cut();
    const tag = /^<(\/?)(su[bp])>/i.exec(rest);
    if (tag) return this.#tag(tag);
    if (!/^<https?:\/\/[^\s<>]*$/.test(rest)) return this.#skip(1);
    this.#text += ">";
    return true;
  }

  #tag(/** @type {string[]} */ [tag, slash, name]) {
    const sign = `</${name.toLowerCase()}>`;
    if (slash === "") this.#open.push({ sign, count: 1, start: this.#at, from: this.#at + tag.length });
    else if (this.#open.at(-1)?.sign === sign) this.#open.pop();
    return this.#skip(tag.length);
  }

  emphasis(sign) {
    const run = scanRun(this.#text, this.#at, this.#text.length, sign !== "_");
    const atEnd = this.#at + run.length === this.#text.length;
    if (run.length > 3) return this.#skip(run.length);
    if (this.#open.at(-1)?.sign === sign && (run.can_close || (atEnd && this.#isBound()))) {
      return this.#close(sign, run.length);
    }
    if (atEnd) return this.#cut();
    if (run.can_open) {
      this.#open.push({ sign, count: run.length, start: this.#at, from: this.#at + run.length });
    }
    return this.#skip(run.length);
  }

  #isBound() {
    return !/\s/.test(this.#text[this.#at - 1] ?? " ");
  }

  #close(sign, count) {
    let left = count;
    while (left > 0 && this.#open.at(-1)?.sign === sign && this.#open.at(-1).count <= left) {
      left -= this.#open.pop().count;
    }
    const last = this.#open.at(-1);
    const atEnd = this.#at + count === this.#text.length;
    if (left > 0 && atEnd) {
      // One of the two closing asterisks: the other is on its way.
      this.#text = this.#text.slice(0, this.#at + count - left);
      return true;
    }
    if (left > 0 && last?.sign === sign) last.count -= left;
    return this.#skip(count);
  }
}
