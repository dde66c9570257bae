// The empty page: greeting, model, four suggestions, and how to connect a model if there is none.

import { strings } from "../../strings/index.js";
import { html, memo } from "../../view.js";
import { Icon } from "../elements/icons.js";

/** `own` has the operator's greeting and starters: {greeting, starters}, each may be empty. */
export const Welcome = memo(({ demo, model, temporary, own, onSuggest }) => {
  const labels = strings.welcome;
  const starters = own?.starters ?? [];
  const usual = demo ? labels.demoSuggestions : labels.suggestions;
  const suggestions = starters.length > 0 ? starters : usual;
  return html`
    <div class="scroller">
      <div class="column welcome">
        <h1 dir="auto">${temporary ? strings.temporary.title : own?.greeting || labels.greeting}</h1>
        ${(temporary || !own?.greeting) && html`<p class="muted lead" dir="auto">${temporary ? strings.temporary.explanation : labels.introduction}</p>`}
        <p class="current-model">
          ${model && html`<${Icon} name="chats" />${labels.answeredBy} <strong>${demo ? labels.demoModel : model}</strong>`}
        </p>
        <ul class="suggestions" aria-label=${labels.suggestionsLabel}>
          ${suggestions.map((text) => html`<li dir="auto"><${Suggestion} text=${text} onSuggest=${onSuggest} /></li>`)}
        </ul>
        ${demo && html`<${DemoNote} />`}
      </div>
    </div>
  `;
});

function Suggestion({ text, onSuggest }) {
  return html`
    <button type="button" onClick=${() => onSuggest(text)}><span>${text}</span><${Icon} name="send" /></button>
  `;
}

/** `demo` in the catalogue is a list of pieces; every second one is a name to type. */
function DemoNote() {
  const { demoTitle, demo } = strings.welcome;
  const pieces = demo.map((piece, index) => (index % 2 === 1 ? html`<code>${piece}</code>` : piece));
  return html`<p class="note demo"><strong>${demoTitle}</strong> ${pieces}</p>`;
}
