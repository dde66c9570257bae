// Suggestions for the next question, under the last answer.

import { suggestionsFor } from "../../state/suggestions.js";
import { strings } from "../../strings/index.js";
import { html, memo, useMemo } from "../../view.js";

const words = { ...strings.followUp, language: strings.language };

export const FollowUps = memo(({ message, actions }) => {
  const suggestions = useMemo(() => suggestionsFor(message, words, actions.askedQuestions()), [message]);
  if (suggestions.length === 0) return null;
  return html`
    <ul class="follow-ups" aria-label=${strings.welcome.suggestionsLabel}>
      ${suggestions.map(
        (text) =>
          html`<li><button type="button" dir="auto" data-once=${true} onClick=${() => actions.submit(text)}>${text}</button></li>`,
      )}
    </ul>
  `;
});
