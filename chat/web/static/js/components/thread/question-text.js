// The words of a question, with their code and links; a long one shows its beginning first.

import { LINK_REL } from "../../browser/links.js";
import { blocksOf, isLong } from "../../state/question-text.js";
import { strings } from "../../strings/index.js";
import { html, pure, useMemo, useState } from "../../view.js";

export const QuestionText = pure(({ text }) => {
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
  return html`<p dir="auto">${block.pieces.map(drawPiece)}</p>`;
}

function drawPiece({ kind, text, href }) {
  if (kind === "code") return html`<code>${text}</code>`;
  return kind === "link" ? html`<a href=${href} target="_blank" rel=${LINK_REL}>${text}</a>` : text;
}
