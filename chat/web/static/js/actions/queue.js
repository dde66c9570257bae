// Sending: at once where nothing runs, otherwise into the queue, which goes out message by message.

import { randomId } from "../browser/ids.js";
import { SETTLE_MS } from "../browser/second-click.js";
import { runningMessage } from "../state/conversation.js";
import { draftChanged } from "../state/page.js";
import { withoutQueued, withQueued } from "../state/queue.js";

/** `send(text, {key, clientId})` asks; `stop(key)` ends the answer that is being written. */
export function queueActions({ store, send, stop, now = () => performance.now() }) {
  // The text that was submitted last: pressed twice, a button of the page says the same twice.
  let latest = { text: null, at: Number.NEGATIVE_INFINITY };
  // The answers for whose end a queue waits, by their keys; and by conversation, the message that is to go out
  // however its answer ends.
  const awaited = new Set();
  const urgent = new Map();

  const dequeue = (key, clientId) => store.update(({ queues }) => ({ queues: withoutQueued(queues, key, clientId) }));
  const find = (key, clientId) => store.state.queues.get(key)?.find((each) => each.clientId === clientId);
  const isBusy = (key) => Boolean(store.state.conversations.get(key)?.turn);
  const headOf = (key) => {
    const conversation = store.state.conversations.get(key);
    return conversation?.messages.get(conversation.headId);
  };
  // An answer that has come to its end, but whose queue has not gone on yet: that happens with the next frame.
  const isEnding = (key) => awaited.has(headOf(key)?.key) && store.state.queues.has(key);

  /** At once, not with the next frame: by then the answer may be over. */
  function awaitEnd(key) {
    const running = runningMessage(store.state.conversations.get(key));
    if (running) awaited.add(running.key);
  }

  /** What the composer calls. Behind others that wait, a message waits too. */
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

  /** Out of its turn: what is being written is stopped for it. */
  async function sendNow(key, clientId) {
    if (!isBusy(key)) {
      sendQueued(key, clientId);
      return;
    }
    urgent.set(key, clientId);
    await stop(key);
  }

  /** Back into the message box, before whatever stands there. */
  function editQueued(key, clientId) {
    const message = find(key, clientId);
    if (!message) return;
    dequeue(key, clientId);
    store.update((state) => {
      const since = state.drafts.get(key);
      return draftChanged(state, key, since ? `${message.text}\n${since}` : message.text);
    });
  }

  /** To be called after every change. An answer that was completed lets the next message go; any other holds it. */
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
    const next = find(key, urgent.get(key)) ?? (asExpected ? queue[0] : null);
    awaited.delete(head?.key);
    urgent.delete(key);
    if (next) sendQueued(key, next.clientId);
  }

  return { submit, sendNow, editQueued, removeQueued: dequeue, watchQueues };
}
