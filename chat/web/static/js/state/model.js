// Which model answers in a chat: what was chosen there and not yet asked, or what answered there last, or for a new
// chat what was chosen last anywhere. The server keeps who answered, so that all windows and devices agree. Pure.

import { NEW, pathOf } from "./conversation.js";

/** `{model, withdrawn}`: the model's name, null while nothing is known; `withdrawn` is one that the server offers no more. */
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
  // For a new chat the choice is what was chosen last.
  return key === NEW ? {} : { models: new Map(state.models).set(key, model) };
}

/** An answer has begun: from now on it tells the model. */
export function modelUsed(state, key) {
  if (!state.models.has(key)) return {};
  const models = new Map(state.models);
  models.delete(key);
  return { models };
}
