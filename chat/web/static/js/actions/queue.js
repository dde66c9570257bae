// Sending: at once where nothing runs, otherwise into the queue, which goes out message by message.

import { randomId } from "../ids.js";
import { runningMessage } from "../state/conversation.js";
import { draftChanged } from "../state/page.js";
import { queued, unqueued } from "../state/queue.js";

/** `send(text, {key, clientId})` asks; `stop(key)` ends the answer that is being written. */
export function queueActions({ store, send, stop }) {
  // By conversation, the answer whose end its queue waits for; and the message that is to go out however it ends.
  const awaited = new Map();
  const urgent = new Map();

  const take = (key, clientId) => store.update(({ queues }) => ({ queues: unqueued(queues, key, clientId) }));
  const find = (key, clientId) => store.state.queues.get(key)?.find((each) => each.clientId === clientId);
  const isBusy = (key) => Boolean(store.state.conversations.get(key)?.turn);

  /** What the composer calls. Behind others that wait, a message waits too. */
  function submit(text) {
    const key = store.state.openKey;
    if (!text.trim()) return;
    if (!isBusy(key)) {
      send(text);
      return;
    }
    store.update((state) => ({
      queues: queued(state.queues, key, { clientId: randomId(), text }),
      ...(state.drafts.get(key) === text ? draftChanged(state, key, "") : {}),
    }));
  }

  function sendQueued(key, clientId) {
    const message = find(key, clientId);
    if (!message) return;
    take(key, clientId);
    send(message.text, { key, clientId });
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
    take(key, clientId);
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
      if (running) awaited.set(key, running.key);
      else if (!conversation.turn) ended(key, conversation, queue);
    }
  }

  function ended(key, conversation, queue) {
    const head = conversation.messages.get(conversation.headId);
    const asExpected = awaited.get(key) === head?.key && head?.status === "completed";
    const next = find(key, urgent.get(key)) ?? (asExpected ? queue[0] : null);
    awaited.delete(key);
    urgent.delete(key);
    if (next) sendQueued(key, next.clientId);
  }

  return { submit, sendNow, editQueued, removeQueued: take, watchQueues };
}
