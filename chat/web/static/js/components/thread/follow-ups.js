// What may be asked next, under the last answer.

import { DEMO_WORDS, suggestionsFor } from "../../state/suggestions.js";
import { strings } from "../../strings/index.js";
import { html, useMemo } from "../../view.js";

/** `demo`: the built-in demo answers, which understands English only. */
export function FollowUps({ message, demo, actions }) {
  const words = demo ? DEMO_WORDS : { ...strings.followUp, language: strings.language };
  const found = useMemo(() => suggestionsFor(message, words, actions.askedQuestions()), [message, demo]);
  if (found.length === 0) return null;
  return html`
    <ul class="follow-ups" aria-label=${strings.welcome.suggestionsLabel} lang=${demo ? "en" : null}>
      ${found.map(
        (text) =>
          html`<li><button type="button" data-once=${true} onClick=${() => actions.submit(text)}>${text}</button></li>`,
      )}
    </ul>
  `;
}
