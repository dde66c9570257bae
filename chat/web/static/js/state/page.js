// What the page as a whole knows, and the changes that several actions share.

import { blankConversation, NEW } from "./conversation.js";
import { withItem } from "./history.js";

export function initialState() {
  return {
    me: null,
    model: null,
    openKey: NEW,
    conversations: new Map([[NEW, blankConversation(NEW)]]),
    drafts: new Map(),
    history: { phase: "loading", items: [], nextCursor: null },
    // Where this window follows an answer: a set of its own, so that words streaming in leave the list alone.
    runningIds: new Set(),
    problem: null,
    announcement: "",
    removal: null,
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

export function itemChanged(state, id, change) {
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

/** The new chat gets the id that the server gave it; what was typed meanwhile goes with it. */
export function newChatNamed(state, id, title) {
  const conversations = new Map(state.conversations);
  conversations.set(id, { ...conversations.get(NEW), key: id, title }).set(NEW, blankConversation(NEW));
  const drafts = new Map(state.drafts);
  if (drafts.has(NEW)) drafts.set(id, drafts.get(NEW));
  drafts.delete(NEW);
  return { conversations, drafts, openKey: state.openKey === NEW ? id : state.openKey };
}
