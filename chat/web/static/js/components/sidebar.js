// The left column: a new chat, the chats there are by age, and which server this is.

import { groupItems } from "../state/history.js";
import { strings } from "../strings/index.js";
import { html, pure, useState } from "../view.js";
import { IconButton } from "./buttons.js";
import { HistoryItem } from "./history-item.js";
import { Icon, Spinner } from "./icons.js";

export function Sidebar({ history, openKey, me, runningIds, isNew, actions }) {
  return html`
    <div class="sidebar-head">
      <a class="product" href="/" onClick=${actions.link(actions.newChat)}>${strings.product}</a>
      <${IconButton} icon="close" label=${strings.sidebar.close} kind="only-narrow" onClick=${actions.closeDrawer} />
    </div>
    <a class="new-chat" href="/" aria-current=${isNew ? "page" : null} onClick=${actions.link(actions.newChat)}>
      <${Icon} name="plus" />${strings.newChat}
    </a>
    <nav class="history" aria-label=${strings.sidebar.label}>
      <${Groups} items=${history.items} openKey=${openKey} runningIds=${runningIds} actions=${actions} />
      <${Foot} history=${history} actions=${actions} />
    </nav>
    <${Server} me=${me} />
  `;
}

const Groups = pure(({ items, openKey, runningIds, actions }) => {
  const [renaming, setRenaming] = useState(null);
  return groupItems(items, Date.now()).map(
    (group) => html`
      <section key=${group.name}>
        <h2>${strings.groups[group.name]}</h2>
        <ul>
          ${group.items.map(
            (item) => html`
              <${HistoryItem}
                key=${item.id}
                item=${item}
                current=${item.id === openKey}
                running=${item.running || runningIds.has(item.id)}
                renaming=${item.id === renaming}
                onRenaming=${setRenaming}
                actions=${actions}
              />
            `,
          )}
        </ul>
      </section>
    `,
  );
});

/** What stands below the list: that it is loading, empty, failed, or goes on. */
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

function Server({ me }) {
  const mode = strings.sidebar.mode[me?.mode];
  if (!mode) return null;
  return html`<p class="server">${mode}${me.version && html` <span>${strings.product} ${me.version}</span>`}</p>`;
}
