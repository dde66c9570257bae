// The left column: new chat, search, chats by age, and the user.

import { pathOfKey } from "../../browser/router.js";
import { NEW } from "../../state/conversation.js";
import { groupItems } from "../../state/history.js";
import { strings } from "../../strings/index.js";
import { html, memo } from "../../view.js";
import { IconButton } from "../elements/buttons.js";
import { Icon, Spinner } from "../elements/icons.js";
import { HistoryItem } from "./history-item.js";
import { SelectionBar, SelectionItem } from "./selection-bar.js";

export const Sidebar = memo((properties) => {
  const { history, openKey, me, runningIds, unreadIds, removingIds, selection, renaming, isNew, onHide, actions } =
    properties;
  const endOnEscape = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    actions.endSelecting();
  };
  const goNew = actions.link(actions.newChat);
  return html`
    <div class="sidebar-head">
      <a class="product" href=${pathOfKey(NEW)} onClick=${goNew}>${strings.product}</a>
      <${IconButton} icon="panel" label=${strings.sidebar.close} aria-expanded="true" onClick=${onHide} />
    </div>
    <div class="sidebar-links">
      <a class="sidebar-link" href=${pathOfKey(NEW)} aria-current=${isNew ? "page" : null} onClick=${goNew}>
        <${Icon} name="plus" />${strings.newChat}
      </a>
      <button type="button" class="sidebar-link" onClick=${() => actions.showDialog("search")}>
        <${Icon} name="search" />${strings.sidebar.search}
      </button>
    </div>
    <nav class="history" aria-label=${strings.sidebar.label} onKeyDown=${selection ? endOnEscape : null}>
      ${selection && html`<${SelectionBar} ids=${selection.ids} all=${shownIds(history.items, removingIds)} actions=${actions} />`}
      <${Groups}
        items=${history.items}
        openKey=${openKey}
        runningIds=${runningIds}
        unreadIds=${unreadIds}
        selection=${selection}
        removingIds=${removingIds}
        renaming=${renaming?.place === "list" ? renaming.id : null}
        actions=${actions}
      />
      <${Foot} history=${history} actions=${actions} />
    </nav>
    <${Account} me=${me} actions=${actions} />
  `;
});

/** Return the ids in the order in which they are shown: pinned ones first. */
function shownIds(items, removingIds) {
  const shown = items.filter(({ id }) => !removingIds.has(id));
  return groupItems(shown, Date.now()).flatMap((group) => group.items.map(({ id }) => id));
}

const Groups = memo(({ items, openKey, runningIds, unreadIds, removingIds, selection, renaming, actions }) => {
  const shown = items.filter((item) => !removingIds.has(item.id));
  const order = selection ? shownIds(items, removingIds) : [];
  const draw = (item) =>
    selection
      ? html`<${SelectionItem}
          key=${item.id}
          item=${item}
          selected=${selection.ids.has(item.id)}
          order=${order}
          actions=${actions}
        />`
      : html`<${HistoryItem}
          key=${item.id}
          item=${item}
          current=${item.id === openKey}
          running=${item.running || runningIds.has(item.id)}
          unread=${unreadIds.has(item.id)}
          renaming=${item.id === renaming}
          actions=${actions}
        />`;
  return groupItems(shown, Date.now()).map(
    (group) => html`
      <section key=${group.name}>
        <h2>${strings.groups[group.name]}</h2>
        <ul>
          ${group.items.map(draw)}
        </ul>
      </section>
    `,
  );
});

/** The end of the list: loading, failed, empty, or a button for more. */
function Foot({ history: { phase, items, nextCursor }, actions }) {
  if (phase === "loading") return html`<p class="progress"><${Spinner} />${strings.sidebar.loading}</p>`;
  if (phase === "failed") {
    return html`
      <p class="muted">${strings.sidebar.failed}</p>
      <button type="button" class="quiet" onClick=${actions.refreshHistory}>${strings.problem.again}</button>
    `;
  }
  if (nextCursor) {
    return html`<button type="button" class="quiet" onClick=${actions.loadMore}>${strings.sidebar.more}</button>`;
  }
  return items.length === 0 ? html`<p class="muted">${strings.sidebar.empty}</p>` : null;
}

function Account({ me, actions }) {
  const name = me?.user?.name;
  return html`
    <div class="account">
      <button type="button" class="account-button" onClick=${() => actions.showDialog("settings")}>
        <span class="initial" aria-hidden="true">
          ${name ? [...name][0].toUpperCase() : html`<${Icon} name="person" />`}
        </span>
        <span class="account-name" dir="auto">${name || strings.settings.guest}</span>
        <span class="visually-hidden">${strings.sidebar.account}</span>
        <${Icon} name="settings" />
      </button>
      <${IconButton}
        icon="keyboard"
        label=${strings.shortcuts.open}
        kind="only-fine"
        onClick=${() => actions.showDialog("shortcuts")}
      />
    </div>
  `;
}
