// The text of a question with code and links. A long one is folded at first.

import { LINK_REL } from "../../browser/links.js";
import { directionOf, hasRightToLeft } from "../../markdown/direction.js";
import { blocksOf, isLong } from "../../state/question-text.js";
import { strings } from "../../strings/index.js";
import { html, memo, useMemo, useState } from "../../view.js";

export const QuestionText = memo(({ text }) => {
  const [open, setOpen] = useState(false);
  const blocks = useMemo(() => blocksOf(text).map(drawBlock), [text]);
  if (!isLong(text)) return blocks;
  return html`
    <div class=${open ? "question-text" : "question-text folded"}>${blocks}</div>
    <button type="button" class="plain-button" aria-expanded=${String(open)} onClick=${() => setOpen(!open)}>
      ${open ? strings.message.less : strings.message.more}
    </button>
  `;
});

function drawBlock(block) {
  if (block.kind === "code") return html`<pre tabindex="0"><code>${block.text}</code></pre>`;
  const words = wordsOf(block);
  if (!hasRightToLeft(words)) return html`<p dir="auto">${block.pieces.map(drawPiece)}</p>`;
  // Each line has its own direction, which "auto" would ignore.
  const begins = hasRightToLeft(words.match(/\p{L}/u)?.[0] ?? "");
  return html`<p dir=${begins ? "rtl" : directionOf(words)}>${linesOf(block.pieces).map(drawLine)}</p>`;
}

/** In text with right-to-left words, each line has its own direction. */
function drawLine(pieces) {
  return html`<span class="line" dir=${directionOf(wordsOf({ pieces }))}>${pieces.map(drawPiece)}</span>`;
}

function linesOf(pieces) {
  const parts = pieces.flatMap((piece) =>
    (piece.kind === "text" ? piece.text.split(/(?<=\n)/) : [piece.text]).map((text) => ({ ...piece, text })),
  );
  const ends = parts.flatMap(({ text }, index) => (text.endsWith("\n") ? [index + 1] : []));
  return [0, ...ends].map((from, index) => parts.slice(from, ends[index])).filter((line) => line.length > 0);
}

/** Code and addresses do not count for the direction. */
const wordsOf = ({ pieces }) =>
  pieces
    .filter(({ kind }) => kind === "text")
    .map(({ text }) => text)
    .join("");

function drawPiece({ kind, text, href }) {
  if (kind === "code") return html`<code>${text}</code>`;
  return kind === "link" ? html`<a href=${href} target="_blank" rel=${LINK_REL}>${text}</a>` : text;
}
