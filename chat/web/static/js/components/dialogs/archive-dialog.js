// The archived chats: open, restore, delete.

import { directionOf } from "../../markdown/direction.js";
import { describeError } from "../../network/errors.js";
import { strings } from "../../strings/index.js";
import { html, useEffect, useState } from "../../view.js";
import { IconButton } from "../elements/buttons.js";
import { Spinner } from "../elements/icons.js";
import { Dialog } from "./dialog.js";

const dated = new Intl.DateTimeFormat(strings.dateLocale, { day: "numeric", month: "short", year: "numeric" });

/** @type {{items: any[], nextCursor: string | null, busy: boolean, problem: string | null}} */
const NOTHING_YET = { items: [], nextCursor: null, busy: true, problem: null };

export function ArchiveDialog({ removingIds, actions, onClose }) {
  const labels = strings.archive;
  const [state, setState] = useState(NOTHING_YET);
  const load = async (cursor) => {
    setState((before) => ({ ...before, busy: true, problem: null }));
    try {
      const page = await actions.archivedChats(cursor);
      setState((before) => ({ ...page, items: [...before.items, ...page.items], busy: false, problem: null }));
    } catch (error) {
      setState((before) => ({ ...before, busy: false, problem: describeError(error) }));
    }
  };
  useEffect(() => void load(null), []);
  const without = (id) => setState((before) => ({ ...before, items: before.items.filter((item) => item.id !== id) }));
  const open = (item) => {
    onClose();
    actions.open(item.id);
  };
  const restore = (item) => {
    without(item.id);
    actions.restore(item);
  };
  const shown = state.items.filter(({ id }) => !removingIds.has(id));
  return html`
    <${Dialog} title=${labels.title} kind="archive" onClose=${onClose}>
      <ul class="archived">
        ${shown.map(
          (item) => html`
            <li key=${item.id}>
              <a href=${actions.addressOf(item.id)} onClick=${actions.link(() => open(item))}>
                <span class="title" dir=${directionOf(item.title ?? "")}>${item.title || strings.untitled}</span>
                <span class="date">${item.updatedAt > 0 && dated.format(item.updatedAt)}</span>
              </a>
              <${IconButton} icon="unarchive" label=${labels.restore} onClick=${() => restore(item)} />
              <${IconButton} icon="trash" label=${strings.chat.remove} onClick=${() => actions.remove(item)} />
            </li>
          `,
        )}
      </ul>
      ${state.busy && html`<p class="progress"><${Spinner} />${strings.sidebar.loading}</p>`}
      ${state.problem && html`<p class="problem" role="alert">${state.problem}</p>`}
      ${!state.busy && !state.problem && shown.length === 0 && html`<p class="muted">${labels.empty}</p>`}
      ${
        state.nextCursor &&
        !state.busy &&
        html`<button type="button" class="quiet" onClick=${() => load(state.nextCursor)}>${strings.sidebar.more}</button>`
      }
    <//>
  `;
}
