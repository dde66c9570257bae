import assert from "node:assert/strict";
import { test } from "node:test";

import { queueActions } from "../../chat/web/static/js/actions/queue.js";
import { blankConversation, NEW, withMessages } from "../../chat/web/static/js/state/conversation.js";
import { localMessage } from "../../chat/web/static/js/state/message.js";
import { initialState, newChatBegun, newChatNamed } from "../../chat/web/static/js/state/page.js";
import { readQueue, withoutQueued, withQueued } from "../../chat/web/static/js/state/queue.js";

const message = (clientId) => ({ clientId, text: `text of ${clientId}` });

test("queues keep their order, and an empty one is none", () => {
  const one = withQueued(new Map(), 7, message("a"));
  const two = withQueued(one, 7, message("b"));
  assert.deepEqual(two.get(7), [message("a"), message("b")]);
  assert.deepEqual(withoutQueued(two, 7, "a").get(7), [message("b")]);
  assert.equal(withoutQueued(one, 7, "a").has(7), false);
  assert.equal(withoutQueued(new Map(), 7, "a").has(7), false);
});

test("a stored queue is read as far as it is valid", () => {
  assert.deepEqual(readQueue([message("a"), { clientId: 1, text: "x" }, null, { clientId: "b", text: "  " }]), [
    message("a"),
  ]);
  assert.deepEqual(readQueue("queue"), []);
  assert.deepEqual(readQueue(null), []);
});

test("a new chat keeps its queue when it gets its id", () => {
  const state = { ...initialState(), queues: withQueued(new Map(), NEW, message("a")), temporary: true };
  const begun = { ...state, ...newChatBegun(state, "local-1") };
  assert.deepEqual(begun.queues.get("local-1"), [message("a")]);
  assert.equal(begun.openKey, "local-1");
  const named = newChatNamed(begun, "local-1", 7, "");
  assert.deepEqual(named.queues.get(7), [message("a")]);
  assert.deepEqual([...named.queues.keys()], [7]);
  assert.equal(named.conversations.get(7).temporary, true);
  assert.equal(named.openKey, 7);
  assert.equal(begun.temporary, false);
});

/** A page with one chat, an answer of a given status, and the messages sent and stopped. */
function pageWith(status) {
  const answer = { ...localMessage("answer", "assistant", null), status };
  const running = status === "running";
  const conversation = {
    ...withMessages(blankConversation(7), answer),
    turn: running ? { phase: "streaming" } : null,
  };
  const store = {
    state: { ...initialState(), openKey: 7, conversations: new Map([[7, conversation]]) },
    update(change) {
      const patch = typeof change === "function" ? change(this.state) : change;
      this.state = { ...this.state, ...patch };
    },
    flush() {},
  };
  const sent = [];
  const stopped = [];
  const clock = { at: 0 };
  const actions = queueActions({
    store,
    send(text, where) {
      sent.push([text, where?.key ?? store.state.openKey]);
      begins(localMessage(`answer to ${text}`, "assistant", null));
    },
    stop: async (key) => stopped.push(key),
    now: () => clock.at,
  });
  const begins = (message) => {
    const known = store.state.conversations.get(7);
    store.update({ conversations: new Map([[7, { ...withMessages(known, message), turn: { phase: "sending" } }]]) });
  };
  // Between two frames: the queues do not know it yet.
  const over = (how) => {
    const known = store.state.conversations.get(7);
    const head = { ...known.messages.get(known.headId), status: how };
    store.update({ conversations: new Map([[7, { ...withMessages(known, head), turn: null }]]) });
  };
  const ends = (how) => {
    over(how);
    actions.watchQueues();
  };
  const waiting = () => (store.state.queues.get(7) ?? []).map(({ text }) => text);
  return { store, actions, sent, stopped, over, ends, waiting, clock };
}

test("without a running answer, a message is sent at once", () => {
  const { actions, sent, waiting } = pageWith("completed");
  actions.submit("now");
  actions.submit("  ");
  assert.deepEqual(sent, [["now", 7]]);
  assert.deepEqual(waiting(), []);
});

test("while an answer runs, messages wait; its end sends the first of them", () => {
  const { actions, sent, ends, waiting, store } = pageWith("running");
  store.update({ drafts: new Map([[7, "one"]]) });
  actions.submit("one");
  actions.submit("two");
  assert.equal(store.state.drafts.has(7), false);
  actions.watchQueues();
  assert.deepEqual(sent, []);
  ends("completed");
  assert.deepEqual(sent, [["one", 7]]);
  assert.deepEqual(waiting(), ["two"]);
});

test("an answer that begins and ends between two frames sends the next message, too", () => {
  const { actions, sent, ends, waiting } = pageWith("running");
  for (const text of ["one", "two", "three"]) actions.submit(text);
  for (let answers = 0; answers < 3; answers += 1) ends("completed");
  assert.deepEqual(
    sent.map(([text]) => text),
    ["one", "two", "three"],
  );
  assert.deepEqual(waiting(), []);
});

test("a message sent just after an answer's end goes behind the waiting ones", () => {
  const { actions, sent, over, waiting } = pageWith("running");
  actions.submit("one");
  over("completed");
  actions.submit("two");
  assert.deepEqual(sent, []);
  actions.watchQueues();
  assert.deepEqual(sent, [["one", 7]]);
  assert.deepEqual(waiting(), ["two"]);
});

test("a held queue does not block other messages", () => {
  const { actions, sent, ends, waiting } = pageWith("running");
  actions.submit("one");
  ends("stopped");
  actions.submit("two");
  assert.deepEqual(sent, [["two", 7]]);
  assert.deepEqual(waiting(), ["one"]);
});

for (const how of ["stopped", "failed", "interrupted"]) {
  test(`an answer that was ${how} holds the queue`, () => {
    const { actions, sent, ends, waiting } = pageWith("running");
    actions.submit("one");
    actions.watchQueues();
    ends(how);
    assert.deepEqual(sent, []);
    assert.deepEqual(waiting(), ["one"]);
  });
}

test("a restored queue without a running answer is held", () => {
  const { actions, sent, store, waiting } = pageWith("completed");
  store.update({ queues: withQueued(new Map(), 7, message("a")) });
  actions.watchQueues();
  assert.deepEqual(sent, []);
  const [{ clientId }] = store.state.queues.get(7);
  actions.sendNow(7, clientId);
  assert.deepEqual(sent, [["text of a", 7]]);
  assert.deepEqual(waiting(), []);
});

test("Send now stops the answer and sends the message before the others", async () => {
  const { actions, sent, stopped, ends, waiting, store } = pageWith("running");
  actions.submit("one");
  actions.submit("urgent");
  actions.watchQueues();
  await actions.sendNow(7, store.state.queues.get(7)[1].clientId);
  assert.deepEqual(stopped, [7]);
  assert.deepEqual(sent, []);
  ends("stopped");
  assert.deepEqual(sent, [["urgent", 7]]);
  assert.deepEqual(waiting(), ["one"]);
});

test("an edited message goes before text typed since", () => {
  const { actions, waiting, store } = pageWith("running");
  actions.submit("first thought");
  store.update({ drafts: new Map([[7, "since"]]) });
  actions.editQueued(7, store.state.queues.get(7)[0].clientId);
  assert.equal(store.state.drafts.get(7), "first thought\nsince");
  assert.deepEqual(waiting(), []);
});

test("the same text twice at once is one message, and later two", () => {
  const { store, actions, clock } = pageWith("running");
  actions.submit("Show me");
  actions.submit("Show me");
  assert.equal(store.state.queues.get(7).length, 1);
  clock.at += 500;
  actions.submit("Show me");
  assert.equal(store.state.queues.get(7).length, 2);
});
