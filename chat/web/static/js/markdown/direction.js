// Text direction of blocks. `dir="auto"` uses the first letter. A block that is mostly right-to-left must run that way
// even if it begins with a Latin name ("OpenAI היא חברה").

/** Letters only: a text of digits and signs has no direction. */
const RTL = /(?=\p{L})[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/gu;
const LETTER = /\p{L}/gu;
const BLOCKS = "p, h3, h4, h5, h6, li, td, th";
/** Elements with sides whose blocks have their own direction: "auto" ignores these blocks. */
const FRAMES = "blockquote, table, li:has(> p), section.notes";

/** Return the value of `dir` for a text. */
export function directionOf(text) {
  const rtl = text.match(RTL)?.length ?? 0;
  return rtl > 0 && 2 * rtl > text.match(LETTER).length ? "rtl" : "auto";
}

/** Return whether a line of this text begins at the right: most letters are right-to-left, or the first one. */
export function isRightToLeft(text) {
  const [first] = text.match(LETTER) ?? [""];
  return directionOf(text) === "rtl" || first.search(RTL) === 0;
}

/** Isolate a title in a sentence of another direction, so that the text around it keeps its order. */
export function isolated(title) {
  return hasRightToLeft(title) ? `\u2068${title}\u2069` : title;
}

export function hasRightToLeft(text) {
  return text.search(RTL) >= 0;
}

/** Set the directions in a fragment. Code and formulas keep theirs by the style sheet. */
export function setDirections(fragment) {
  for (const block of fragment.querySelectorAll(BLOCKS)) block.dir = directionOf(block.textContent);
  for (const frame of fragment.querySelectorAll(FRAMES)) {
    if (isRightToLeft(frame.textContent)) frame.dir = "rtl";
  }
}
