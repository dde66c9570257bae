// Send messages: at once if no answer is running, otherwise through a queue, one by one.

import { randomId } from "../browser/ids.js";
import { SETTLE_MS } from "../browser/second-click.js";
import { runningMessage } from "../state/conversation.js";
import { draftChanged, draftReturned } from "../state/page.js";
import { withoutQueued, withQueued } from "../state/queue.js";

/** `send(text, {key, clientId})` sends a message. `stop(key)` stops the running answer. */
export function queueActions({ store, send, stop, now = () => performance.now() }) {
  // The last text submitted: a button that is pressed twice submits the same text twice.
  let latest = { text: null, at: Number.NEGATIVE_INFINITY };
  // `awaited`: keys of the running answers that a queue waits for. `urgent`: client ids of messages to send next,
  // however the answer ends.
  const awaited = new Set();
  const urgent = new Set();

  const dequeue = (key, clientId) => store.update(({ queues }) => ({ queues: withoutQueued(queues, key, clientId) }));
  const find = (key, clientId) => store.state.queues.get(key)?.find((each) => each.clientId === clientId);
  const isBusy = (key) => Boolean(store.state.conversations.get(key)?.turn);
  const headOf = (key) => {
    const conversation = store.state.conversations.get(key);
    return conversation?.messages.get(conversation.headId);
  };
  // Return whether the answer has ended but the queue has not continued yet; it does so with the next frame.
  const isEnding = (key) => awaited.has(headOf(key)?.key) && store.state.queues.has(key);

  /** Wait for the end of the running answer. Called at once, because the answer may be over with the next frame. */
  function awaitEnd(key) {
    const running = runningMessage(store.state.conversations.get(key));
    if (running) awaited.add(running.key);
  }

  /** Submit from the message box. A message goes behind those that already wait. */
  function submit(text) {
    const key = store.state.openKey;
    if (!text.trim()) return;
    const again = text === latest.text && now() - latest.at < SETTLE_MS;
    if (again && isBusy(key)) return;
    latest = { text, at: now() };
    if (!isBusy(key) && !isEnding(key)) {
      send(text);
      return;
    }
    if (isBusy(key)) awaitEnd(key);
    store.update((state) => ({
      queues: withQueued(state.queues, key, { clientId: randomId(), text }),
      ...(state.drafts.get(key) === text ? draftChanged(state, key, "") : {}),
    }));
  }

  function sendQueued(key, clientId) {
    const message = find(key, clientId);
    if (!message) return;
    dequeue(key, clientId);
    send(message.text, { key, clientId });
    awaitEnd(key);
  }

  /** Send this message before the others: stop the running answer first. */
  async function sendNow(key, clientId) {
    if (!isBusy(key)) {
      sendQueued(key, clientId);
      return;
    }
    urgent.add(clientId);
    await stop(key);
  }

  /** Move a queued message back into the message box, before any text that is already there. */
  function editQueued(key, clientId) {
    const message = find(key, clientId);
    if (!message) return;
    dequeue(key, clientId);
    store.update((state) => draftReturned(state, key, message.text));
    // The next letter comes after this text, and does not replace it.
    store.flush();
  }

  /** Call this after every change. A completed answer sends the next message; any other end holds the queue. */
  function watchQueues() {
    for (const [key, queue] of store.state.queues) {
      const conversation = store.state.conversations.get(key);
      if (conversation?.phase !== "ready") continue;
      const running = runningMessage(conversation);
      if (running) awaited.add(running.key);
      else if (!conversation.turn) sendNext(key, queue);
    }
  }

  function sendNext(key, queue) {
    const head = headOf(key);
    const asExpected = awaited.has(head?.key) && head.status === "completed";
    const next = queue.find(({ clientId }) => urgent.has(clientId)) ?? (asExpected ? queue[0] : null);
    awaited.delete(head?.key);
    for (const { clientId } of queue) urgent.delete(clientId);
    if (next) sendQueued(key, next.clientId);
  }

  return { submit, sendNow, editQueued, removeQueued: dequeue, watchQueues };
}
