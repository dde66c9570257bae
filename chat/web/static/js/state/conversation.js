// A conversation in the page's state. Pure functions without requests.
//
// {key, title, phase, messages, headId, turn, onSideBranch, older, targetId}
//
// `key` is the server's id, NEW for a chat that has not begun, or a local id while the server creates it. `phase` is "ready", "loading", "missing" or "failed".
// `messages` is a Map by id of one or several branches, whose beginning may not be loaded yet. The page shows the path
// that ends at `headId`. `onSideBranch`: the user has switched to another path than the one at which the server would
// continue. `older` is null, or "loading" or "failed" while older messages are requested. `targetId` is null, or the id
// of a message to scroll to. `turn` is null, or {phase} while an answer is running: "sending", "streaming",
// "reconnecting" or "lost".

import { storedMessage } from "./message.js";

export const NEW = "new";

/** Return whether the server knows the chat by this key. */
export const isNamed = (/** @type {Id} */ key) => typeof key === "number";

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
 * Build a conversation from `GET /api/conversations/<id>`. Other messages of `known` stay, and messages keep their
 * elements.
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
 * Add a page of older messages.
 * @param {Conversation} conversation
 * @returns {Conversation}
 */
export function withPage(conversation, json) {
  return { ...conversation, messages: merged(json.messages, conversation), older: null };
}

/** Drop known messages without the server's id: they were not stored. */
function merged(stored, /** @type {Conversation | null} */ known) {
  const messages = new Map([...(known?.messages ?? [])].filter(([id]) => typeof id === "number"));
  for (const each of Array.isArray(stored) ? stored : []) {
    const message = storedMessage(each);
    const before = known?.messages.get(message.id);
    messages.set(message.id, before ? refreshed(before, message) : message);
  }
  return messages;
}

/** Return the same object if nothing can have changed, so that it is not drawn again. */
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
 * Return the messages to show, first to last.
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
 * Return the id of the first known message if the server has messages before it, otherwise null.
 * @param {Message[]} path
 */
export function beforeFirst(path) {
  return typeof path[0]?.parentId === "number" ? path[0].id : null;
}

const branches = new WeakMap();

/** Return the ids of a message and its siblings in other branches, in the order of their creation. */
export function siblingsOf(conversation, message) {
  const siblings = placesOf(conversation).get(placeOf(message));
  return siblings ?? [message.id];
}

const placeOf = ({ parentId, role }) => `${parentId} ${role}`;

/** Computed once per set of messages, not with each delta. */
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

/** The server numbers messages in order; one without a number is the newest. */
function byMaking(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return (typeof one === "number" ? 0 : 1) - (typeof other === "number" ? 0 : 1);
}

/**
 * Add these messages; the last one becomes the head.
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
 * Remove these messages and restore the previous head.
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
 * Replace one message. `after` may have another id; siblings, children and the head follow it.
 * @param {Conversation} conversation
 * @param {Id} id
 * @param {Message} after
 * @returns {Conversation}
 */
export function withMessage(conversation, id, after) {
  if (id === after.id) {
    // The common case, many times a second: keep the map and copy only the conversation.
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
 * Return the running answer of the shown path, or null.
 * @param {Pick<Conversation, "messages"> & Partial<Conversation>} conversation
 */
export function runningMessage(conversation) {
  const head = conversation.messages.get(conversation.headId ?? "");
  return head?.role === "assistant" && head.status === "running" ? head : null;
}
