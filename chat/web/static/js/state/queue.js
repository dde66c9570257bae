// Messages that were sent while an answer was running, and wait for its end. Pure functions.
//
// A queue is a list of {clientId, text}, first to be sent first; `queues` is a Map of them by conversation. The
// client id is given here already: whichever window sends the message, and however often, it is asked once.

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

export function withQueueMoved(queues, from, to) {
  const moving = queues.get(from);
  return moving ? withQueue(withQueue(queues, from, []), to, moving) : queues;
}

/** What was stored, as far as it can be read. */
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
