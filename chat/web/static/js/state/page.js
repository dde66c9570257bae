// The state of the whole page, and changes that several actions share.

import { blankConversation, NEW } from "./conversation.js";
import { withItem } from "./history.js";
import { DEFAULTS } from "./preferences.js";
import { setWithout } from "./unread.js";

export function initialState() {
  return {
    me: null,
    // Models selected in a chat that have not answered there yet: see model.js.
    models: new Map(),
    openKey: NEW,
    // The next new chat will be temporary.
    temporary: false,
    conversations: new Map([[NEW, blankConversation(NEW)]]),
    drafts: new Map(),
    // Messages that wait for an answer to end, by conversation: see queue.js.
    queues: new Map(),
    preferences: DEFAULTS,
    history: { phase: "loading", items: [], nextCursor: null },
    // Conversations whose answer this window follows; a separate set, so that deltas do not change the list.
    runningIds: new Set(),
    // Deleted in this window, but not on the server yet: hidden until then, and Undo shows them again.
    removingIds: new Set(),
    // Chats with an answer to wait for, and chats with an unread answer.
    awaitedIds: new Set(),
    unreadIds: new Set(),
    // {ids, anchor} while several chats are selected in the list: see selection.js.
    selection: null,
    // {id, place: "list" or "top"} while a title is being edited.
    renaming: null,
    // The open dialog: {name: "search", "share", "settings", "archive", "deleteAll" or "shortcuts", item?}.
    dialog: null,
    // {text, action?: {label, run}}: a short message that disappears after a while.
    toast: null,
    problem: null,
    announcement: "",
    // The last request reached the server.
    connected: true,
    drawerOpen: false,
  };
}

/** Apply `change` to one conversation; return no change if it does not exist any more. */
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

/** Put text back into the message box, before any text that is there. */
export function draftReturned(state, key, text) {
  return draftChanged(state, key, joined(text, state.drafts.get(key)));
}

/** Join a text and a draft that was written since. */
export const joined = (text, since) => (since ? `${text}\n${since}` : text);

export function historyChanged(state, change) {
  return { history: { ...state.history, ...change } };
}

/** Change an item of the list and add a missing one. Temporary chats are in no list. */
export function itemChanged(state, id, change) {
  if (state.conversations.get(id)?.temporary) return {};
  return historyChanged(state, { items: withItem(state.history.items, id, change) });
}

/** Change an item only if it is in the list. */
export function itemKnown(state, id, change) {
  return state.history.items.some((item) => item.id === id) ? itemChanged(state, id, change) : {};
}

export function runningChanged(state, key, running) {
  const runningIds = new Set(state.runningIds);
  if (running) runningIds.add(key);
  else runningIds.delete(key);
  return { runningIds };
}

/** Give the new chat a key of its own while the server creates it: another one may be begun meanwhile. */
export function newChatBegun(state, key) {
  const changed = keyChanged(state, NEW, key, { temporary: state.temporary });
  return { ...changed, conversations: changed.conversations.set(NEW, blankConversation(NEW)), temporary: false };
}

/** Give the new chat the server's id. */
export const newChatNamed = (state, key, id, title) => keyChanged(state, key, id, { title });

/** The server did not create the chat: it is the new chat again. */
export function newChatRefused(state, key) {
  const { temporary, ...conversation } = state.conversations.get(key);
  return {
    ...keyChanged({ ...state, conversations: new Map(state.conversations).set(key, conversation) }, key, NEW, {}),
    temporary: state.openKey === key ? temporary : state.temporary,
  };
}

/** Move a conversation to another key. Its draft, queue and model move with it. */
function keyChanged(state, from, to, change) {
  const conversations = new Map(state.conversations);
  conversations.set(to, { ...conversations.get(from), key: to, ...change }).delete(from);
  return {
    conversations,
    drafts: moved(state.drafts, from, to, joined),
    queues: moved(state.queues, from, to, (queue, since) => [...queue, ...since]),
    models: moved(state.models, from, to, (model) => model),
    openKey: state.openKey === from ? to : state.openKey,
  };
}

/** `join(value, since)` combines the value with one that is at the new key already. */
function moved(map, from, to, join) {
  if (!map.has(from)) return map;
  const changed = new Map(map);
  changed.delete(from);
  return changed.set(to, map.has(to) ? join(map.get(from), map.get(to)) : map.get(from));
}

/** The server has no such chat. If it is open, the page says so and keeps its draft. */
export function chatMissing(state, id) {
  return {
    ...conversationChanged(state, id, (conversation) => ({ ...conversation, phase: "missing" })),
    ...unlisted(state, [id]),
  };
}

/** Remove chats from the list. What is in no list has no dot to be found by. */
export function unlisted(state, ids) {
  return {
    ...historyChanged(state, { items: state.history.items.filter(({ id }) => !ids.includes(id)) }),
    awaitedIds: ids.reduce(setWithout, state.awaitedIds),
    unreadIds: ids.reduce(setWithout, state.unreadIds),
  };
}

/** Remove everything known of a conversation. */
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
    ...unlisted(state, [id]),
  };
}
