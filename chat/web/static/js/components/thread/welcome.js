// The empty page: a greeting, who answers, four things to try, and how to connect a model where none is.

import { strings } from "../../strings/index.js";
import { html, pure } from "../../view.js";
import { Icon } from "../elements/icons.js";

/** `own` are the greeting and the starters of whoever runs this server: {greeting, starters}, each perhaps empty. */
export const Welcome = pure(({ demo, model, temporary, own, onSuggest }) => {
  const say = strings.welcome;
  const starters = own?.starters ?? [];
  const usual = demo ? say.demoSuggestions : say.suggestions;
  const suggestions = starters.length > 0 ? starters : usual;
  return html`
    <div class="scroller">
      <div class="column welcome">
        <h1 dir="auto">${temporary ? strings.temporary.title : own?.greeting || say.greeting}</h1>
        ${(temporary || !own?.greeting) && html`<p class="muted lead" dir="auto">${temporary ? strings.temporary.explanation : say.introduction}</p>`}
        <p class="answers-here">
          ${model && html`<${Icon} name="chats" />${say.answeredBy} <strong>${demo ? say.demoModel : model}</strong>`}
        </p>
        <ul class="suggestions" aria-label=${say.suggestionsLabel}>
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

/** `demo` in the catalogue is the note as pieces, of which every second one is a name to be typed. */
function DemoNote() {
  const { demoTitle, demo } = strings.welcome;
  const pieces = demo.map((piece, index) => (index % 2 === 1 ? html`<code>${piece}</code>` : piece));
  return html`<p class="note demo"><strong>${demoTitle}</strong> ${pieces}</p>`;
}
