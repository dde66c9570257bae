// The list of conversations: its pages, renaming, deleting.

import { ApiError } from "../api.js";
import { describe } from "../problems.js";
import { NEW } from "../state/conversation.js";
import { appendPage, readItem, refreshFirstPage, withoutItem } from "../state/history.js";
import { conversationChanged, historyChanged, itemChanged } from "../state/page.js";
import { strings } from "../strings/index.js";

export function historyActions({ store, api, open }) {
  const set = (change) => store.update((state) => historyChanged(state, change));

  async function load(cursor, merge) {
    let page;
    try {
      page = await api.conversations(cursor);
    } catch {
      // Said in the list's own place; a list that is shown already stays as it is.
      set({ phase: store.state.history.items.length > 0 && !cursor ? "ready" : "failed" });
      return;
    }
    const items = (Array.isArray(page.items) ? page.items : []).map(readItem);
    const nextCursor = page.next_cursor ?? null;
    store.update((state) => historyChanged(state, { phase: "ready", ...merge(state.history, items, nextCursor) }));
  }

  const firstPage = () =>
    load(null, (history, items, nextCursor) => {
      const merged = refreshFirstPage(history.items, items, nextCursor !== null);
      return { items: merged, nextCursor: merged.length > items.length ? history.nextCursor : nextCursor };
    });

  async function refreshHistory() {
    if (store.state.history.items.length === 0) set({ phase: "loading" });
    await firstPage();
  }

  async function loadMore() {
    const { nextCursor, phase } = store.state.history;
    if (phase === "loading" || !nextCursor) return;
    set({ phase: "loading" });
    await load(nextCursor, (history, items, following) => ({
      items: appendPage(history.items, items),
      nextCursor: following,
    }));
  }

  const setTitle = (id, title) =>
    store.update((state) => ({
      ...itemChanged(state, id, { title }),
      ...conversationChanged(state, id, (conversation) => ({ ...conversation, title })),
    }));

  async function rename(id, title) {
    const before = store.state.history.items.find((item) => item.id === id)?.title ?? "";
    setTitle(id, title);
    try {
      await api.changeConversation(id, { title });
    } catch (error) {
      setTitle(id, before);
      store.update({ problem: { text: describe(error) } });
    }
  }

  async function remove(id) {
    store.update({ removal: null });
    try {
      await api.removeConversation(id);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) {
        store.update({ problem: { text: describe(error) } });
        return;
      }
    }
    forget(id);
  }

  function forget(id) {
    store.update((state) => {
      const conversations = new Map(state.conversations);
      conversations.delete(id);
      return { conversations, ...historyChanged(state, { items: withoutItem(state.history.items, id) }) };
    });
    if (store.state.openKey === id) open(NEW);
    store.update({ announcement: strings.status.removed });
  }

  return { refreshHistory, loadMore, rename, remove, askRemoval: (removal) => store.update({ removal }) };
}
