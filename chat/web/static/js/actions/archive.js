// Archive and restore one or several chats.

import { isolated } from "../markdown/direction.js";
import { problemOf } from "../network/errors.js";
import { NEW } from "../state/conversation.js";
import { readItem, shortened } from "../state/history.js";
import { conversationChanged, unlisted } from "../state/page.js";
import { strings } from "../strings/index.js";

export function archiveActions({ store, api, open, showToast, dismissToast, refreshHistory }) {
  function mark(ids, archived) {
    for (const id of ids) {
      store.update((state) => conversationChanged(state, id, (conversation) => ({ ...conversation, archived })));
    }
    if (!archived) return;
    store.update((state) => unlisted(state, ids));
  }

  async function archiveAll(items) {
    const ids = items.map(({ id }) => id);
    if (ids.length === 0) return;
    const opened = ids.includes(store.state.openKey) ? store.state.openKey : null;
    mark(ids, true);
    if (opened !== null) open(NEW);
    const [{ title }] = items;
    const undo = async () => {
      dismissToast();
      await restoreAll(ids);
      if (opened !== null) open(opened);
    };
    const text =
      ids.length === 1
        ? strings.archive.done(isolated(shortened(title || strings.untitled)))
        : strings.archive.doneMany(ids.length);
    showToast({ text, action: { label: strings.removal.undo, run: undo } });
    await change(ids, true);
  }

  async function restoreAll(ids) {
    mark(ids, false);
    await change(ids, false);
    await refreshHistory();
  }

  async function change(ids, archived) {
    for (const id of ids) {
      try {
        await api.changeConversation(id, { archived });
      } catch (error) {
        mark([id], !archived);
        store.update({ problem: problemOf(error) });
        if (archived) await refreshHistory();
      }
    }
  }

  /** Return a page of archived chats, `{items, nextCursor}`. Throws the errors of `api`. */
  async function archivedChats(cursor = null) {
    const page = await api.conversations({ archived: true, cursor });
    return { items: (Array.isArray(page.items) ? page.items : []).map(readItem), nextCursor: page.next_cursor ?? null };
  }

  return {
    archive: (item) => archiveAll([item]),
    archiveAll,
    restore: (item) => restoreAll([item.id]),
    archivedChats,
  };
}
