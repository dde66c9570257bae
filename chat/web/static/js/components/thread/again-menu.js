// Another answer in another way: shorter, in more detail, by another model.

import { strings } from "../../strings/index.js";
import { html } from "../../view.js";
import { Menu } from "../elements/menu.js";

/** `models` are those that may answer. */
export function AgainMenu({ message, models, actions }) {
  const say = strings.message;
  const wish = (icon, word, named) => ({ icon, word, run: () => actions.regenerate(message, { wish: named }) });
  const others = models.length > 1 ? models.filter((model) => model !== message.model) : [];
  return html`
    <${Menu}
      id="again-${message.key}"
      icon="wand"
      label=${say.differently}
      items=${[
        wish("shorter", say.shorter, "shorter"),
        wish("longer", say.moreDetailed, "more_detailed"),
        ...others.map((model) => ({
          icon: "retry",
          word: say.withModel(model),
          run: () => actions.regenerate(message, { model }),
        })),
      ]}
    />
  `;
}
