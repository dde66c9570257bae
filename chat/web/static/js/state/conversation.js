// A conversation as the page holds it. Pure functions; nothing here asks the server.
//
//   {key, title, phase, messages, headId, turn, onSideBranch, older, targetId}
//
// `key` is the server's id, or NEW for the chat that has none yet. `phase` is "ready", "loading", "missing" or
// "failed". `messages` is a Map by id, of one branch or several, whose beginning may not have been fetched yet; the
// page shows the path that ends at `headId`. `onSideBranch`: that path is not the one the server would go on with, but one
// a person turned to. `older` is null, or "loading" or "failed" while messages before the first are asked for.
// `targetId` is null, or the id of a message to be shown. `turn` is null, or {phase} while an answer is on its way:
// "sending", "streaming", "reconnecting" or "lost".

import { storedMessage } from "./message.js";

export const NEW = "new";

/**
 * @param {Id} key
 * @param {Conversation["phase"]} [phase]
 * @returns {Conversation}
 */
export function blankConversation(key, phase = "ready") {
  return {
    key,
    title: "",
    phase,
    messages: new Map(),
    headId: null,
    turn: null,
    onSideBranch: false,
    older: null,
    targetId: null,
  };
}

/**
 * From an answer of `GET /api/conversations/<id>`; what `known` has beside it stays, and messages keep their elements.
 * @param {any} json
 * @param {Conversation | null} [known]
 * @returns {Conversation}
 */
export function storedConversation(json, known = null) {
  const headId = json.leaf_id ?? json.head_id ?? null;
  return {
    ...blankConversation(json.id),
    title: String(json.title ?? ""),
    messages: merged(json.messages, known),
    headId,
    onSideBranch: headId !== (json.head_id ?? null),
  };
}

/**
 * With the messages of another page, which come before those that are there.
 * @param {Conversation} conversation
 * @returns {Conversation}
 */
export function withPage(conversation, json) {
  return { ...conversation, messages: merged(json.messages, conversation), older: null };
}

/** Known messages that the server never named were not kept, and are dropped. */
function merged(stored, /** @type {Conversation | null} */ known) {
  const messages = new Map([...(known?.messages ?? [])].filter(([id]) => typeof id === "number"));
  for (const each of Array.isArray(stored) ? stored : []) {
    const message = storedMessage(each);
    const before = known?.messages.get(message.id);
    messages.set(message.id, before ? refreshed(before, message) : message);
  }
  return messages;
}

/** What cannot have changed stays the same object, so that nothing of it is drawn again. */
function refreshed(/** @type {Message} */ before, /** @type {Message} */ message) {
  const same =
    before.status === "completed" &&
    message.status === "completed" &&
    before.feedback === message.feedback &&
    before.parentId === message.parentId &&
    before.siblings.join() === message.siblings.join();
  return same ? before : { ...message, key: before.key };
}

/**
 * The messages to show, first to last.
 * @param {Pick<Conversation, "messages" | "headId">} conversation
 */
export function pathOf({ messages, headId }) {
  /** @type {Message[]} */
  const path = [];
  const at = (/** @type {Id | null} */ id) => (id === null ? undefined : messages.get(id));
  for (let each = at(headId); each && path.length < messages.size; each = at(each.parentId)) {
    path.push(each);
  }
  return path.reverse();
}

/**
 * Whether the server has messages before the first one that is known: its id, or null.
 * @param {Message[]} path
 */
export function beforeFirst(path) {
  return typeof path[0]?.parentId === "number" ? path[0].id : null;
}

const branches = new WeakMap();

/** The ids of a message and of those that stand in its place in other branches, in the order they were made. */
export function siblingsOf(conversation, message) {
  const found = placesOf(conversation).get(placeOf(message));
  return found ?? [message.id];
}

const placeOf = ({ parentId, role }) => `${parentId} ${role}`;

/** Worked out once for each set of messages, not with each word of an answer. */
function placesOf({ messages }) {
  const known = branches.get(messages);
  if (known?.size === messages.size) return known.places;
  const places = new Map();
  for (const message of messages.values()) {
    const place = placeOf(message);
    if (!places.has(place)) places.set(place, new Set());
    for (const id of [...message.siblings, message.id]) places.get(place).add(id);
  }
  for (const [place, ids] of places) places.set(place, [...ids].sort(byMaking));
  branches.set(messages, { size: messages.size, places });
  return places;
}

/** The server counts its messages; what it has not numbered yet is the newest. */
function byMaking(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return (typeof one === "number" ? 0 : 1) - (typeof other === "number" ? 0 : 1);
}

/**
 * With these messages added, the last of them being the new head.
 * @param {Conversation} conversation
 * @param {[Message, ...Message[]]} added
 * @returns {Conversation}
 */
export function withMessages(conversation, ...added) {
  const messages = new Map(conversation.messages);
  for (const each of added) messages.set(each.id, each);
  return { ...conversation, messages, headId: added[added.length - 1].id };
}

/**
 * Without these messages, and with the head that was there before them.
 * @param {Conversation} conversation
 * @param {Id[]} ids
 * @param {Id | null} headId
 * @returns {Conversation}
 */
export function withoutMessages(conversation, ids, headId) {
  const messages = new Map(conversation.messages);
  for (const id of ids) messages.delete(id);
  return { ...conversation, messages, headId };
}

/**
 * With one message replaced; `after` may bear another id, which its place, its children and the head follow.
 * @param {Conversation} conversation
 * @param {Id} id
 * @param {Message} after
 * @returns {Conversation}
 */
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

/**
 * The answer that is being written on the shown path, if there is one.
 * @param {Pick<Conversation, "messages"> & Partial<Conversation>} conversation
 */
export function runningMessage(conversation) {
  const head = conversation.messages.get(conversation.headId ?? "");
  return head?.role === "assistant" && head.status === "running" ? head : null;
}
