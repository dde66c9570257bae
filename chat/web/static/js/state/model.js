// The model of a chat: the one selected but not used yet, else the one that answered last, else, in a new chat, the
// last selection anywhere. The server stores which model answered, so all windows and devices agree. Pure functions.

import { NEW, pathOf } from "./conversation.js";

/**
 * Return `{model, withdrawn}`: the model's name, null if unknown; `withdrawn` is the chat's model if it is not offered
 * any more.
 */
export function modelOf(state, key) {
  const offered = state.me?.models ?? [];
  if (offered.length === 0) return { model: null, withdrawn: null };
  const ofChat = state.models.get(key) ?? lastModelIn(state.conversations.get(key));
  const name = ofChat ?? state.preferences.model;
  if (offered.includes(name)) return { model: name, withdrawn: null };
  const fallback = offered.includes(state.me.default_model) ? state.me.default_model : offered[0];
  return { model: fallback, withdrawn: ofChat };
}

function lastModelIn(conversation) {
  if (!conversation || conversation.key === NEW) return null;
  return pathOf(conversation).findLast(({ role, model }) => role === "assistant" && model)?.model ?? null;
}

export function modelChosen(state, key, model) {
  // In a new chat the preference holds the selection.
  return key === NEW ? {} : { models: new Map(state.models).set(key, model) };
}

/** An answer has begun: from now on its message tells the model. */
export function modelUsed(state, key) {
  if (!state.models.has(key)) return {};
  const models = new Map(state.models);
  models.delete(key);
  return { models };
}
