// Another answer: shorter, in more detail, or by another model.

import { strings } from "../../strings/index.js";
import { html } from "../../view.js";
import { Menu } from "../elements/menu.js";

/** `models` are those on offer. */
export function RegenerateMenu({ message, models, actions }) {
  const labels = strings.message;
  const wish = (icon, word, value) => ({ icon, word, run: () => actions.regenerate(message, { wish: value }) });
  const others = models.length > 1 ? models.filter((model) => model !== message.model) : [];
  return html`
    <${Menu}
      id="again-${message.key}"
      icon="wand"
      label=${labels.differently}
      items=${[
        wish("shorter", labels.shorter, "shorter"),
        wish("longer", labels.moreDetailed, "more_detailed"),
        ...others.map((model) => ({
          icon: "retry",
          word: labels.withModel(model),
          run: () => actions.regenerate(message, { model }),
        })),
      ]}
    />
  `;
}
