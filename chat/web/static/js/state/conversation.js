// A conversation as the page holds it. Pure functions; nothing here asks the server.
//
//   {key, title, phase, messages, headId, turn}
//
// `key` is the server's id, or NEW for the chat that has none yet. `phase` is "ready", "loading", "missing" or
// "failed". `messages` is a Map by id with all branches; the page shows the path that ends at `headId`.
// `turn` is null, or {phase} while an answer is on its way: "sending", "streaming", "reconnecting" or "lost".

import { storedMessage } from "./message.js";

export const NEW = "new";

export function blankConversation(key, phase = "ready") {
  return { key, title: "", phase, messages: new Map(), headId: null, turn: null };
}

/** From the answer of `GET /api/conversations/<id>`; messages that `known` has too keep their elements. */
export function storedConversation(json, known = null) {
  const messages = new Map();
  for (const each of Array.isArray(json.messages) ? json.messages : []) {
    const message = storedMessage(each);
    messages.set(message.id, { ...message, key: known?.messages.get(message.id)?.key ?? message.key });
  }
  const conversation = { ...blankConversation(json.id), title: String(json.title ?? ""), messages };
  return { ...conversation, headId: json.head_id ?? null };
}

/** The messages to show, first to last. */
export function pathOf({ messages, headId }) {
  const path = [];
  for (let each = messages.get(headId); each && path.length < messages.size; each = messages.get(each.parentId)) {
    path.push(each);
  }
  return path.reverse();
}

/** With these messages added, the last of them being the new head. */
export function withMessages(conversation, ...added) {
  const messages = new Map(conversation.messages);
  for (const each of added) messages.set(each.id, each);
  return { ...conversation, messages, headId: added.at(-1).id };
}

/** Without these messages, and with the head that was there before them. */
export function withoutMessages(conversation, ids, headId) {
  const messages = new Map(conversation.messages);
  for (const id of ids) messages.delete(id);
  return { ...conversation, messages, headId };
}

/** With one message replaced; `after` may bear another id, which its place, its children and the head follow. */
export function withMessage(conversation, id, after) {
  if (id === after.id) {
    // The common case, many times a second: the map is kept, only the conversation is a new object.
    conversation.messages.set(id, after);
    return { ...conversation };
  }
  const messages = new Map();
  for (const [key, each] of conversation.messages) {
    if (key === id) messages.set(after.id, after);
    else messages.set(key, each.parentId === id ? { ...each, parentId: after.id } : each);
  }
  return { ...conversation, messages, headId: conversation.headId === id ? after.id : conversation.headId };
}

/** The answer that is being written on the shown path, if there is one. */
export function runningMessage(conversation) {
  const head = conversation.messages.get(conversation.headId);
  return head?.role === "assistant" && head.status === "running" ? head : null;
}
