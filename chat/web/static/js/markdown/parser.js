// The Markdown parser (markdown-it) as configured for Parley: CommonMark with GitHub's tables and "~~", and own rules
// for formulas, footnotes, bare addresses, HTML and numbers. Numbers take precedence: "3*4*5", ">5 %" and "2024." stay
// as written. blocks.js uses the rules; rendering.js makes the HTML.

import MarkdownIt from "../../vendor/markdown-it/markdown-it.js";

import { bareAddresses } from "./addresses.js";
import { isAtEnd, scanRun } from "./emphasis.js";
import { addFootnotes } from "./footnotes.js";
import { addHtmlAsText } from "./html-rules.js";
import { addFormulas } from "./math-rules.js";
import { keepBars } from "./table-bars.js";

/** Deeper quotes and lists are text; the parser would leave them out. */
const DEEPEST = 100;
const NO_PLAIN_TEXT = /[\n!#$%&*+\-:<=>@[\\\]^_`{}~]/g;
/** ">5 %" and ">= 3" are comparisons; so is "> 5 %" at the beginning of a list item. */
const COMPARISON = /^>(?:=|[~≈±+−-]?[$€£¥₹]?\d)/;
const SPACED_COMPARISON = /^>\s?[~≈±+−-]?[$€£¥₹]?\d/;

const md = new MarkdownIt({ breaks: true, maxNesting: 2 * DEEPEST });

/**
 * A token without markdown-it's constructor, which defines each field by name: that took a quarter of the time to show
 * a growing answer.
 */
export class PlainToken {
  attrs = null;
  map = null;
  children = null;
  content = "";
  markup = "";
  info = "";
  meta = null;
  block = false;
  hidden = false;

  constructor(type, tag, nesting, level) {
    this.type = type;
    this.tag = tag;
    this.nesting = nesting;
    this.level = level;
  }
}
Object.setPrototypeOf(PlainToken.prototype, MarkdownIt.Token.prototype);

md.inline.State = class extends md.inline.State {
  /** The bare addresses of the text being parsed. */
  get addresses() {
    this.found ??= bareAddresses(this.src);
    return this.found;
  }

  pushPending() {
    const token = new PlainToken("text", "", 0, this.pendingLevel);
    token.content = /** @type {string} */ (this.pending);
    this.pending = "";
    this.tokens.push(token);
    return token;
  }

  /** Text between an opening and a closing token has its own emphasis runs. */
  push(type, tag, nesting) {
    if (this.pending) this.pushPending();
    if (nesting < 0) {
      this.level -= 1;
      this.delimiters = this._prev_delimiters.pop();
    }
    const token = new PlainToken(type, tag, nesting, this.level);
    let meta;
    if (nesting > 0) {
      this.level += 1;
      this._prev_delimiters.push(this.delimiters);
      this.delimiters = [];
      meta = { delimiters: this.delimiters };
    }
    this.pendingLevel = this.level;
    this.tokens.push(token);
    this.tokens_meta.push(meta);
    return token;
  }

  scanDelims(start, splitsWords) {
    return scanRun(this.src, start, this.posMax, splitsWords);
  }
};

function addressRule(state, silent) {
  if (state.linkLevel > 0) return false;
  const address = addressFrom(state.addresses, state.pos);
  if (address?.start !== state.pos || address.end > state.posMax) return false;
  if (!silent) {
    const isGrowing = state.env.isEnd && (isAtEnd(state.src, address.last) || isInOpenTag(state.src, address.start));
    state.push("link_open", "a", 1).attrs = [["href", isGrowing ? "" : md.normalizeLink(decoded(address.href))]];
    state.push("text", "", 0).content = decoded(state.src.slice(address.start, address.end));
    state.push("link_close", "a", -1);
  }
  state.pos = address.end;
  return true;
}

const decoded = (text) => text.replace(/&#?\w{1,30};/g, md.utils.unescapeAll);

/** Return whether the address may be in a tag that is still being written, and is then no link. */
const isInOpenTag = (text, at) => /^<[A-Za-z][^<>]*$/.test(text.slice(Math.max(0, text.lastIndexOf("<", at))));

/** An address in angle brackets at the end of a growing text is closed by us, so it is not a link yet. */
function closedAddressRule(rule) {
  return (state, silent) => {
    if (!rule(state, silent)) return false;
    if (!silent && state.env.isEnd && isAtEnd(state.src, state.pos)) {
      state.tokens.findLast(({ type }) => type === "link_open").attrSet("href", "");
    }
    return true;
  };
}

/** Return the first address at or after `at`. */
function addressFrom(addresses, at) {
  let [low, high] = [0, addresses.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (addresses[middle].start < at) low = middle + 1;
    else high = middle;
  }
  return addresses[low];
}

/** Consume letters up to the next possible markup or address. */
function textRule(state, silent) {
  NO_PLAIN_TEXT.lastIndex = state.pos;
  const sign = NO_PLAIN_TEXT.exec(state.src)?.index ?? state.posMax;
  const address = addressFrom(state.addresses, state.pos + 1)?.start ?? state.posMax;
  const end = Math.min(sign, address, state.posMax);
  if (end === state.pos) return false;
  if (!silent) state.pending += state.src.slice(state.pos, end);
  state.pos = end;
  return true;
}

const isComparison = (state, line) => {
  const start = state.bMarks[line] + state.tShift[line];
  const text = state.src.slice(start, start + 12);
  if (COMPARISON.test(text)) return true;
  return SPACED_COMPARISON.test(text) && /[-*+.)][ \t]+$/.test(state.src.slice(state.bMarks[line], start));
};

/** Return the parser's own rule of that name. */
function ruleOf(name, { ruler } = new MarkdownIt().block) {
  ruler.enableOnly([name]);
  return ruler.getRules("")[0];
}

/** Disable a parser rule where `isOther` holds. */
function unless(name, isOther, alt) {
  const rule = ruleOf(name);
  md.block.ruler.at(name, (state, line, ...rest) => !isOther(state, line) && rule(state, line, ...rest), { alt });
}

/** "[Alice]: Yes." is a line of a conversation: one word without any sign of an address. */
const isRemark = (state, line) =>
  /^\[[^\]]+\]:[ \t]*[\p{L}\p{N}'’-]+[.!?…。！？]*[ \t]*$/u.test(
    state.src.slice(state.bMarks[line] + state.tShift[line], state.eMarks[line]),
  );

const isTooDeep = (state) => state.level > DEEPEST;

unless("blockquote", (state, line) => isTooDeep(state) || isComparison(state, line), [
  "paragraph",
  "reference",
  "blockquote",
  "list",
]);
unless("reference", isRemark, []);
unless("list", isTooDeep, ["paragraph", "reference", "blockquote"]);
md.block.ruler.at("table", keepBars(ruleOf("table")), { alt: ["paragraph", "reference"] });
md.inline.ruler.at("text", textRule);
md.inline.ruler.before("text", "address", addressRule);
md.inline.ruler.at("autolink", closedAddressRule(ruleOf("autolink", new MarkdownIt().inline)));
// Show an address as it was written.
md.normalizeLinkText = (text) => text;
addFormulas(md);
addHtmlAsText(md);
addFootnotes(md);

export { md };
