// Chats with awaited or unread answers, as sets of ids that are replaced, never changed. Pure functions.

export function setWith(ids, id) {
  return ids.has(id) ? ids : new Set(ids).add(id);
}

export function setWithout(ids, id) {
  if (!ids.has(id)) return ids;
  const left = new Set(ids);
  left.delete(id);
  return left;
}

/**
 * Add the answers that have begun since `before`, in this window or, by the list, elsewhere, to the awaited ones. An
 * answer may begin and end within one frame, so this runs with every change.
 */
export function withAwaited(state, before) {
  let { awaitedIds } = state;
  if (state.runningIds !== before.runningIds) {
    for (const id of state.runningIds) if (!before.runningIds.has(id)) awaitedIds = setWith(awaitedIds, id);
  }
  if (state.history !== before.history) {
    for (const { id, running } of state.history.items) if (running) awaitedIds = setWith(awaitedIds, id);
  }
  return awaitedIds === state.awaitedIds ? state : { ...state, awaitedIds };
}
