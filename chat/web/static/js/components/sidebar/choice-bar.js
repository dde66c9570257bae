// The toolbar above the list while several chats are chosen, and the list's lines with checkboxes.

import { directionOf } from "../../markdown/direction.js";
import { strings } from "../../strings/index.js";
import { html } from "../../view.js";
import { IconButton } from "../elements/buttons.js";

/** `ids` are the chosen ones, `all` those of the list. */
export function ChoiceBar({ ids, all, actions }) {
  const say = strings.choice;
  const none = ids.size === 0;
  return html`
    <div class="choice-bar" role="toolbar" aria-label=${say.label}>
      <label class="choice-all">
        <input
          type="checkbox"
          aria-label=${say.all}
          checked=${!none && ids.size === all.length}
          onChange=${(event) => actions.chooseAll(event.currentTarget.checked ? all : [])}
        />
        <span role="status">${say.count(ids.size)}</span>
      </label>
      <div class="choice-doings">
        <${IconButton} icon="archive" label=${say.archive} disabled=${none} onClick=${actions.archiveChosen} />
        <${IconButton}
          icon="download"
          label=${say.download}
          disabled=${none}
          onClick=${() => actions.download(actions.exportAllAddress([...ids]))}
        />
        <${IconButton} icon="trash" label=${say.remove} disabled=${none} onClick=${actions.removeChosen} />
        <${IconButton} icon="close" label=${say.end} onClick=${actions.endChoosing} />
      </div>
    </div>
  `;
}

/** A line of the list while chats are chosen. */
export function ChoiceItem({ item, chosen, order, actions }) {
  const title = item.title || strings.untitled;
  // With the click, since only that tells of Shift.
  const onClick = (event) => actions.choose(item.id, { order, range: event.shiftKey });
  return html`
    <li class=${chosen ? "item current" : "item"}>
      <label class="choice" title=${title}>
        <input type="checkbox" checked=${chosen} onClick=${onClick} />
        <span class="title" dir=${directionOf(title)}>${title}</span>
      </label>
    </li>
  `;
}
