// What the page as a whole knows, and the changes that several actions share.

import { blankConversation, NEW } from "./conversation.js";
import { withItem } from "./history.js";
import { DEFAULTS } from "./preferences.js";
import { withQueueMoved } from "./queue.js";
import { setWithout } from "./unread.js";

export function initialState() {
  return {
    me: null,
    // Models that were chosen in a chat and have not answered there yet: see model.js.
    models: new Map(),
    openKey: NEW,
    // Whether the next new chat will be one that is not kept.
    temporary: false,
    conversations: new Map([[NEW, blankConversation(NEW)]]),
    drafts: new Map(),
    // Messages that wait for an answer to end, by conversation: see queue.js.
    queues: new Map(),
    preferences: DEFAULTS,
    history: { phase: "loading", items: [], nextCursor: null },
    // Where this window follows an answer: a set of its own, so that words streaming in leave the list alone.
    runningIds: new Set(),
    // Deleted here, but the server has not been told yet: hidden, and Undo brings them back.
    removingIds: new Set(),
    // Chats in which an answer is awaited, and those with one that nobody has seen yet.
    awaitedIds: new Set(),
    unreadIds: new Set(),
    // {ids, anchor} while several chats are chosen in the list: see choice.js.
    selection: null,
    // {id, place: "list" or "top"} while a title is being changed.
    renaming: null,
    // {name: "search", "share", "settings", "archive", "deleteAll" or "shortcuts", item?}: the one dialog that is open.
    dialog: null,
    // {text, action?: {label, run}}: said in passing, and gone after a while.
    toast: null,
    problem: null,
    announcement: "",
    // Whether the server was there when it was last asked.
    connected: true,
    drawerOpen: false,
  };
}

/** With `change` applied to one conversation; nothing, if it is not there any more. */
export function conversationChanged(state, key, change) {
  const conversation = state.conversations.get(key);
  if (!conversation) return {};
  const changed = change(conversation);
  return changed === conversation ? {} : { conversations: new Map(state.conversations).set(key, changed) };
}

export function draftChanged(state, key, text) {
  const drafts = new Map(state.drafts);
  if (text) drafts.set(key, text);
  else drafts.delete(key);
  return { drafts };
}

export function historyChanged(state, change) {
  return { history: { ...state.history, ...change } };
}

/** A temporary chat is in no list, whatever happens in it. */
export function itemChanged(state, id, change) {
  if (state.conversations.get(id)?.temporary) return {};
  return historyChanged(state, { items: withItem(state.history.items, id, change) });
}

/** The same, for an item that is in the list; one that is not stays out of it. */
export function itemKnown(state, id, change) {
  return state.history.items.some((item) => item.id === id) ? itemChanged(state, id, change) : {};
}

export function runningChanged(state, key, running) {
  const runningIds = new Set(state.runningIds);
  if (running) runningIds.add(key);
  else runningIds.delete(key);
  return { runningIds };
}

/** The new chat gets the id that the server gave it; what was typed and queued meanwhile goes with it. */
export function newChatNamed(state, id, title) {
  const conversations = new Map(state.conversations);
  const named = { ...conversations.get(NEW), key: id, title, temporary: state.temporary };
  conversations.set(id, named).set(NEW, blankConversation(NEW));
  const drafts = new Map(state.drafts);
  if (drafts.has(NEW)) drafts.set(id, drafts.get(NEW));
  drafts.delete(NEW);
  return {
    conversations,
    drafts,
    queues: withQueueMoved(state.queues, NEW, id),
    temporary: false,
    openKey: state.openKey === NEW ? id : state.openKey,
  };
}

/** Without anything that is known of a conversation. */
export function forgotten(state, id) {
  const without = (map) => {
    const left = new Map(map);
    left.delete(id);
    return left;
  };
  return {
    conversations: without(state.conversations),
    drafts: without(state.drafts),
    models: without(state.models),
    queues: without(state.queues),
    awaitedIds: setWithout(state.awaitedIds, id),
    unreadIds: setWithout(state.unreadIds, id),
    ...historyChanged(state, { items: state.history.items.filter((item) => item.id !== id) }),
  };
}
