// The list of conversations: its pages, renaming, pinning, search.

import { problemOf } from "../network/errors.js";
import { appendPage, readItem, readSearchHit, refreshedHistory } from "../state/history.js";
import { conversationChanged, historyChanged, itemKnown } from "../state/page.js";

export function historyActions({ store, api }) {
  const set = (change) => store.update((state) => historyChanged(state, change));
  const itemsOf = (page) => (Array.isArray(page.items) ? page.items : []).map(readItem);

  async function load(ask, merge) {
    let answer;
    try {
      answer = await ask();
    } catch {
      // The list shows this failure itself. A list that is already shown stays.
      set({ phase: store.state.history.items.length > 0 ? "ready" : "failed" });
      return;
    }
    store.update((state) => historyChanged(state, { phase: "ready", ...merge(state.history, answer) }));
  }

  /** Load the newest page and all pinned chats. */
  async function refreshHistory() {
    if (store.state.history.items.length === 0) set({ phase: "loading" });
    const itemsAtRequest = new Map(store.state.history.items.map((item) => [item.id, item]));
    await load(
      () => Promise.all([api.conversations(), api.conversations({ pinned: true, limit: 100 })]),
      (history, [page, pinned]) =>
        refreshedHistory(history, itemsOf(page), page.next_cursor ?? null, itemsOf(pinned), itemsAtRequest),
    );
  }

  async function loadMore() {
    const { nextCursor, phase } = store.state.history;
    if (phase === "loading" || !nextCursor) return;
    set({ phase: "loading" });
    await load(
      () => api.conversations({ cursor: nextCursor }),
      (history, page) => ({
        items: appendPage(history.items, itemsOf(page)),
        nextCursor: page.next_cursor ?? null,
      }),
    );
  }

  /** Change a conversation. The page shows the change at once and reverts it if the server refuses. */
  async function change(id, changed, before) {
    const show = (what) =>
      store.update((state) => ({
        ...itemKnown(state, id, what),
        ...conversationChanged(state, id, (conversation) => ({ ...conversation, ...what })),
      }));
    show(changed);
    try {
      await api.changeConversation(id, changed);
    } catch (error) {
      show(before);
      store.update({ problem: problemOf(error) });
    }
  }

  /**
   * Return a page of search results, `{items, nextCursor}`. Throws the errors of `api`.
   * @param {string} q
   * @param {{cursor?: string | null, signal?: AbortSignal}} [how]
   */
  async function search(q, { cursor = null, signal } = {}) {
    const page = await api.conversations({ q, cursor, limit: 20 }, { signal });
    const items = (Array.isArray(page.items) ? page.items : []).map(readSearchHit);
    return { items: items.filter(({ id }) => !store.state.removingIds.has(id)), nextCursor: page.next_cursor ?? null };
  }

  return {
    refreshHistory,
    loadMore,
    search,
    rename: ({ id, title }, value) => change(id, { title: value }, { title }),
    setPinned: ({ id, pinned }, value) => change(id, { pinned: value }, { pinned }),
    /** Drawn at once, not with the next frame: the next letter belongs to the title. */
    startRenaming(id, place) {
      store.update({ renaming: { id, place } });
      store.flush();
    },
    endRenaming: () => store.update({ renaming: null }),
  };
}
