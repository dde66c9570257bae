// HTML written by a model is text. Only harmless tags without a Markdown form work: line breaks, superscript and
// subscript. A block that looks like HTML keeps its lines and spaces.

const NAME = "[A-Za-z][A-Za-z0-9-]*";
const ATTRIBUTE = `\\s+[A-Za-z_:][\\w:.-]*(?:\\s*=\\s*(?:[^\\s"'=<>\`]+|'[^']*'|"[^"]*"))?`;
const TAG = new RegExp(`<(?:${NAME}(?:${ATTRIBUTE})*\\s*/?|/${NAME}\\s*)>`, "y");
const ALONE = new RegExp(`^<(?:${NAME}(?:${ATTRIBUTE})*\\s*/?|/${NAME}\\s*)>\\s*$`);
/** Constructs that look like tags and are none, with their ends. */
const SPECIAL = [
  ["<!--", "-->"],
  ["<![CDATA[", "]]>"],
  ["<?", "?>"],
];
const BLOCKS = new Set(
  (
    "address article aside base basefont blockquote body caption center col colgroup dd details dialog dir div dl dt " +
    "fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li link " +
    "main menu menuitem meta nav noframes ol optgroup option p param pre script search section source style summary " +
    "table tbody td textarea tfoot th thead title tr track ul"
  ).split(" "),
);
const INERT = /^<(?:br\s*\/?|\/?su[bp])>/i;

export function addHtmlAsText(md) {
  const { escapeHtml } = md.utils;
  md.block.ruler.at("html_block", blockRule, { alt: ["paragraph", "reference", "blockquote"] });
  md.inline.ruler.at("html_inline", inlineRule);
  md.renderer.rules.html_block = (tokens, index) =>
    `<p class="verbatim">${escapeHtml(tokens[index].content.trimEnd())}</p>\n`;
  md.renderer.rules.line_end = () => "\n";
  md.renderer.rules.html_inline = (tokens, index) => {
    const { content, meta } = tokens[index];
    return meta?.inert ? meta.inert : escapeHtml(content);
  };
}

/** A block ends at the next empty line, because an unclosed element would never end. */
function blockRule(state, startLine, endLine, silent) {
  const start = state.bMarks[startLine] + state.tShift[startLine];
  if (state.src[start] !== "<" || state.sCount[startLine] - state.blkIndent >= 4) return false;
  const line = state.src.slice(start, state.eMarks[startLine]);
  const kind = kindOf(line);
  if (kind === null) return false;
  if (silent) return kind === "block";
  let next = startLine + 1;
  while (next < endLine && !state.isEmpty(next) && state.sCount[next] >= state.blkIndent) next += 1;
  const token = state.push("html_block", "", 0);
  token.map = [startLine, next];
  token.content = state.getLines(startLine, next, state.blkIndent, true);
  state.line = next;
  return true;
}

/** Return "block"; "alone" for any tag on its own line, which does not end a paragraph; null for text. */
function kindOf(line) {
  if (INERT.test(line)) return null;
  if (/^<(?:!--|\?|!\[CDATA\[|![A-Za-z])/.test(line)) return "block";
  const name = /^<\/?([A-Za-z][\w-]*)(?=[\s/>]|$)/.exec(line)?.[1];
  // "<div> elements are blocks" is a sentence.
  if (name && BLOCKS.has(name.toLowerCase()) && /^<[^>]*$|>\s*$/.test(line)) return "block";
  return ALONE.test(line) ? "alone" : null;
}

function inlineRule(state, silent) {
  const { src, pos } = state;
  if (src[pos] !== "<") return false;
  const end = specialEnd(state) ?? tagEnd(src, pos);
  if (end < 0 || end > state.posMax) return false;
  if (!silent) state.push("html_inline", "", 0).content = src.slice(pos, end);
  state.pos = end;
  return true;
}

function tagEnd(src, pos) {
  TAG.lastIndex = pos;
  return TAG.test(src) ? TAG.lastIndex : -1;
}

function specialEnd(state) {
  const special = SPECIAL.find(([opening]) => state.src.startsWith(opening, state.pos));
  if (!special) return null;
  state.unended ??= new Set();
  if (state.unended.has(special)) return -1;
  const end = state.src.indexOf(special[1], state.pos + special[0].length);
  // One search is enough: without an end here there is none further on.
  if (end < 0) state.unended.add(special);
  return end < 0 ? -1 : end + special[1].length;
}

/** Allow `<br>` and pairs of `<sub>` and `<sup>` in a line; an unpaired one stays text. `<br>` ends its line. */
export function allowInertTags(tokens) {
  const open = [];
  for (const [index, token] of tokens.entries()) {
    if (token.type === "html_inline") readTag(token, open);
    else if (token.type.endsWith("break") && tokens[index - 1]?.meta?.inert === "<br>") token.type = "line_end";
    else if (token.nesting === 1) open.push({ name: "", token });
    else if (token.nesting === -1) while (open.length > 0 && open.pop().name !== "");
  }
}

/** Return what a tag says in plain text: a break is a space, a tag without effect is its source. */
export function wordsOfTag(source) {
  const { name } = inertTag(source);
  if (!name) return source;
  return name === "br" ? " " : "";
}

function inertTag(source) {
  const [, slash, name] = /^<(\/?)(br|sub|sup)\s*\/?>$/.exec(source.toLowerCase()) ?? [];
  return { slash, name };
}

function readTag(token, open) {
  const { slash, name } = inertTag(token.content);
  if (!name) return;
  if (name === "br") token.meta = { inert: "<br>" };
  else if (slash === "") open.push({ name, token });
  else if (open.at(-1)?.name === name) {
    open.pop().token.meta = { inert: `<${name}>` };
    token.meta = { inert: `</${name}>` };
  }
}
