// Footnotes: `[^1]` in the text and `[^1]: The note.` anywhere. The notes are shown at the end of the answer. A
// reference without a note stays text, and so does `[^a]` in a link's words or a regular expression.

const LABEL = /\[\^([^\s[\]^]{1,100})\]/y;
/** In a growing answer, a number is assumed to be a footnote: its note usually comes at the end. */
const USUAL = /^\d{1,3}$/;

export function addFootnotes(md) {
  md.block.ruler.before("reference", "footnote", definitionRule, { alt: ["paragraph", "reference"] });
  md.inline.ruler.before("link", "footnote", referenceRule);
  md.renderer.rules.footnote_ref = (tokens, index) => {
    const { number, use } = tokens[index].meta;
    return `<sup class="note-ref note-${number}-${use}">${number}</sup>`;
  };
}

export const labelOf = (text) => text.toLowerCase();

function labelAt(source, at) {
  LABEL.lastIndex = at;
  return LABEL.exec(source)?.[1] ?? null;
}

/** A definition: the rest of its line and all indented lines after it. */
function definitionRule(state, startLine, endLine, silent) {
  const start = state.bMarks[startLine] + state.tShift[startLine];
  if (state.sCount[startLine] - state.blkIndent >= 4) return false;
  const label = labelAt(state.src, start);
  const after = start + (label?.length ?? 0) + 4;
  if (label === null || state.src[after - 1] !== ":" || after > state.eMarks[startLine]) return false;
  if (silent) return true;
  const open = state.push("footnote_open", "", 1);
  open.meta = { label: labelOf(label) };
  open.map = [startLine, startLine + 1];
  readContent(state, startLine, endLine, after);
  open.map[1] = state.line;
  state.push("footnote_close", "", -1);
  return true;
}

/** Parse the note like a list item that is indented by four. */
function readContent(state, line, endLine, after) {
  const { blkIndent, parentType, tight } = state;
  const before = [state.bMarks[line], state.tShift[line], state.sCount[line]];
  const content = state.skipSpaces(after);
  [state.bMarks[line], state.tShift[line], state.sCount[line]] = [content, 0, blkIndent + 4];
  Object.assign(state, { blkIndent: blkIndent + 4, parentType: "footnote" });
  state.md.block.tokenize(state, line, endLine);
  state.line = Math.max(state.line, line + 1);
  Object.assign(state, { blkIndent, parentType, tight });
  [state.bMarks[line], state.tShift[line], state.sCount[line]] = before;
}

/** `env.notes` returns a label's number and which use of it this is; null if there is no such note. */
function referenceRule(state, silent) {
  // The parser looks for the end of a link's words silently.
  if (silent || state.linkLevel > 0) return false;
  const label = labelAt(state.src, state.pos);
  const end = state.pos + (label?.length ?? 0) + 3;
  if (label === null || end > state.posMax || /^(?:\(|\[(?!\^))/.test(state.src.slice(end, end + 2))) return false;
  if (!state.env.notes?.has(labelOf(label), USUAL.test(label))) return false;
  state.push("footnote_ref", "sup", 0).meta = state.env.notes.use(labelOf(label));
  state.pos = end;
  return true;
}
