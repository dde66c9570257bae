// Messages sent while an answer was running; they wait for its end. Pure functions.
//
// A queue is a list of {clientId, text} in sending order; `queues` is a Map of them by conversation. The client id is
// assigned here: however many windows send the message, the server runs it once.

export function withQueued(queues, key, message) {
  return withQueue(queues, key, [...(queues.get(key) ?? []), message]);
}

export function withoutQueued(queues, key, clientId) {
  return withQueue(
    queues,
    key,
    (queues.get(key) ?? []).filter((each) => each.clientId !== clientId),
  );
}

/** Parse a stored queue and skip invalid entries. */
export function readQueue(stored) {
  if (!Array.isArray(stored)) return [];
  return stored
    .filter((each) => typeof each?.clientId === "string" && typeof each.text === "string" && each.text.trim())
    .map(({ clientId, text }) => ({ clientId, text }));
}

function withQueue(queues, key, queue) {
  const changed = new Map(queues);
  if (queue.length > 0) changed.set(key, queue);
  else changed.delete(key);
  return changed;
}
