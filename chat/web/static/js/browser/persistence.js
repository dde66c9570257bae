// Copies drafts, queues, models and preferences between the page's state and the browser's storage.

import { isNamed, NEW } from "../state/conversation.js";
import { readPreferences } from "../state/preferences.js";
import { readQueue } from "../state/queue.js";
import { setWith, setWithout } from "../state/unread.js";
import { onStorageChange, readStored, storedNames, writeStored } from "./storage.js";

const keyOf = (name) => (name === NEW ? NEW : Number(name));

/** Return the stored values as a change to the state. */
export function loadPersisted() {
  const drafts = new Map();
  const queues = new Map();
  const models = new Map();
  for (const name of storedNames("draft")) {
    const text = readStored(`draft.${name}`);
    if (typeof text === "string" && text) drafts.set(keyOf(name), text);
  }
  for (const name of storedNames("queue")) {
    const queue = readQueue(readStored(`queue.${name}`));
    if (queue.length > 0) queues.set(keyOf(name), queue);
  }
  for (const name of storedNames("model")) {
    const model = readStored(`model.${name}`);
    if (typeof model === "string") models.set(keyOf(name), model);
  }
  const idsOf = (group) => new Set(storedNames(group).map(Number).filter(Number.isInteger));
  return {
    drafts,
    queues,
    models,
    awaitedIds: idsOf("awaited"),
    unreadIds: idsOf("unread"),
    preferences: readPreferences(readStored("preferences")),
  };
}

/** Store every change from now on. Apply changes of other windows, except drafts. */
export function persist(store) {
  let last = store.state;
  const write = () => {
    const state = store.state;
    if (state === last) return;
    writeMap("draft", state.drafts, last.drafts, state);
    writeMap("queue", state.queues, last.queues, state);
    writeSet("awaited", state.awaitedIds, last.awaitedIds, state);
    writeSet("unread", state.unreadIds, last.unreadIds, state);
    writeMap("model", state.models, last.models, state);
    if (state.preferences !== last.preferences) writeStored("preferences", state.preferences);
    last = state;
  };
  store.subscribe(write);
  addEventListener("pagehide", write);
  onStorageChange((name, value) => applyExternalChange(store, name, value));
}

/** One entry per conversation, so that two windows do not overwrite each other's. */
function writeMap(group, now, before, state) {
  if (now === before) return;
  for (const key of new Set([...now.keys(), ...before.keys()])) {
    const value = isStored(state, key) ? (now.get(key) ?? null) : null;
    if (now.get(key) !== before.get(key)) writeStored(`${group}.${key}`, value);
  }
}

/** One entry per id, for the same reason. */
function writeSet(group, now, before, state) {
  if (now === before) return;
  for (const id of now) if (!before.has(id) && isStored(state, id)) writeStored(`${group}.${id}`, true);
  for (const id of before) if (!now.has(id)) writeStored(`${group}.${id}`, null);
}

/** Nothing of a temporary chat is stored anywhere, so not here either. The key of an unnamed one has no meaning later. */
function isStored(state, key) {
  if (key === NEW) return !state.temporary;
  return isNamed(key) && !state.conversations.get(key)?.temporary;
}

function applyExternalChange(store, name, value) {
  if (name === "preferences") store.update({ preferences: readPreferences(value) });
  const unread = /^unread\.(\d+)$/.exec(name)?.[1];
  if (unread !== undefined) {
    const change = value === true ? setWith : setWithout;
    store.update(({ unreadIds }) => ({ unreadIds: change(unreadIds, Number(unread)) }));
  }
  const chat = /^model\.(\d+)$/.exec(name)?.[1];
  if (chat !== undefined) applyExternalModel(store, keyOf(chat), value);
  const key = /^queue\.(.+)$/.exec(name)?.[1];
  if (key === undefined) return;
  const queues = new Map(store.state.queues);
  const queue = readQueue(value);
  if (queue.length > 0) queues.set(keyOf(key), queue);
  else queues.delete(keyOf(key));
  store.update({ queues });
}

function applyExternalModel(store, key, model) {
  const models = new Map(store.state.models);
  if (typeof model === "string") models.set(key, model);
  else models.delete(key);
  store.update({ models });
}
