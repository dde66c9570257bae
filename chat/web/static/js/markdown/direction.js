// Which way the words of a block run. `dir="auto"` goes by the first letter; a block that is mostly written from right
// to left runs so even when it begins with a Latin name ("OpenAI היא חברה").

const RTL = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/gu;
const LETTER = /\p{L}/gu;
const BLOCKS = "p, h3, h4, h5, h6, li, td, th";
/** What has sides, and blocks in it with directions of their own: these do not count for its "auto". */
const FRAMES = "blockquote, table, li:has(> p), section.notes";

/** The value of `dir` for these words. */
export function directionOf(text) {
  const rtl = text.match(RTL)?.length ?? 0;
  return rtl > 0 && 2 * rtl > text.match(LETTER).length ? "rtl" : "auto";
}

/** Whether a line of these words begins at the right: most letters say so, or the first one. */
export function isRightToLeft(text) {
  const [first] = text.match(LETTER) ?? [""];
  return directionOf(text) === "rtl" || first.search(RTL) === 0;
}

/** A title in a sentence of another direction: what stands around it keeps its place. */
export function isolated(title) {
  return hasRightToLeft(title) ? `\u2068${title}\u2069` : title;
}

export function hasRightToLeft(text) {
  return text.search(RTL) >= 0;
}

/** Sets the directions in a fragment. Code and formulas keep theirs, by the style sheet. */
export function setDirections(fragment) {
  for (const block of fragment.querySelectorAll(BLOCKS)) block.dir = directionOf(block.textContent);
  for (const frame of fragment.querySelectorAll(FRAMES)) {
    if (isRightToLeft(frame.textContent)) frame.dir = "rtl";
  }
}
