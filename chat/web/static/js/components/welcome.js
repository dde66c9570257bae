// The empty page: a greeting, four things to try, and how to connect a model where none is.

import { strings } from "../strings/index.js";
import { html, pure } from "../view.js";

export const Welcome = pure(({ demo, onSuggest }) => {
  const { greeting, introduction, suggestions, suggestionsLabel } = strings.welcome;
  return html`
    <div class="scroller">
      <div class="column welcome">
        <h1>${greeting}</h1>
        <p class="muted">${introduction}</p>
        <ul class="suggestions" aria-label=${suggestionsLabel}>
          ${suggestions.map((text) => html`<li><${Suggestion} text=${text} onSuggest=${onSuggest} /></li>`)}
        </ul>
        ${demo && html`<${DemoNote} />`}
      </div>
    </div>
  `;
});

function Suggestion({ text, onSuggest }) {
  return html`<button type="button" onClick=${() => onSuggest(text)}>${text}</button>`;
}

/** `demo` in the catalogue is the note as pieces, of which every second one is a name to be typed. */
function DemoNote() {
  const { demoTitle, demo } = strings.welcome;
  const pieces = demo.map((piece, index) => (index % 2 === 1 ? html`<code>${piece}</code>` : piece));
  return html`<p class="note demo"><strong>${demoTitle}</strong> ${pieces}</p>`;
}
