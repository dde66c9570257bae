// The toolbar over the list while several chats are selected, and the list's rows with checkboxes.

import { directionOf } from "../../markdown/direction.js";
import { strings } from "../../strings/index.js";
import { html, useEffect, useRef } from "../../view.js";
import { IconButton } from "../elements/buttons.js";

/** `ids` are selected; `all` are those of the list. */
export function SelectionBar({ ids, all, actions }) {
  const labels = strings.selection;
  const none = ids.size === 0;
  const bar = useRef(null);
  // The menu in which this was chosen is gone, and the focus with it: Escape and the space bar must reach the list.
  useEffect(() => {
    if (document.activeElement === document.body)
      bar.current.parentElement.querySelector(".choice input:checked")?.focus();
  }, []);
  return html`
    <div class="choice-bar" role="toolbar" aria-label=${labels.label} ref=${bar}>
      <label class="choice-all">
        <input
          type="checkbox"
          aria-label=${labels.all}
          checked=${!none && ids.size === all.length}
          onChange=${(event) => actions.selectAll(event.currentTarget.checked ? all : [])}
        />
        <span role="status">${labels.count(ids.size)}</span>
      </label>
      <div class="choice-actions">
        <${IconButton} icon="archive" label=${labels.archive} disabled=${none} onClick=${actions.archiveSelected} />
        <${IconButton}
          icon="download"
          label=${labels.download}
          disabled=${none}
          onClick=${() => actions.download(actions.exportAllAddress([...ids]))}
        />
        <${IconButton} icon="trash" label=${labels.remove} disabled=${none} onClick=${actions.removeSelected} />
        <${IconButton} icon="close" label=${labels.end} onClick=${actions.endSelecting} />
      </div>
    </div>
  `;
}

/** A row of the list in selection mode. */
export function SelectionItem({ item, selected, order, actions }) {
  const title = item.title || strings.untitled;
  // On click: only this event reports Shift.
  const onClick = (event) => actions.toggleSelected(item.id, { order, range: event.shiftKey });
  return html`
    <li class=${selected ? "item current" : "item"}>
      <label class="choice" title=${title}>
        <input type="checkbox" checked=${selected} onClick=${onClick} />
        <span class="title" dir=${directionOf(title)}>${title}</span>
      </label>
    </li>
  `;
}
