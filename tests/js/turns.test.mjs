import assert from "node:assert/strict";
import { test } from "node:test";

import { turnActions } from "../../chat/web/static/js/actions/turns.js";
import { ApiError, Unreachable } from "../../chat/web/static/js/network/api.js";
import { blankConversation, NEW, pathOf, withMessages } from "../../chat/web/static/js/state/conversation.js";
import { localMessage, textOf } from "../../chat/web/static/js/state/message.js";
import { initialState } from "../../chat/web/static/js/state/page.js";

const TURN = { turn_id: 31, message_id: 12, user_message_id: 11, model: "m" };

/** A connection whose events the test sends one by one. */
function connection() {
  let number = 0;
  let into;
  const encoder = new TextEncoder();
  const stream = new ReadableStream({
    start(controller) {
      into = controller;
    },
  });
  return {
    response: new Response(stream),
    send(name, data) {
      number += 1;
      into.enqueue(encoder.encode(`id: ${number}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`));
    },
    done(status = "completed", more = {}) {
      this.send("done", { status, ...more });
      into.close();
    },
    break() {
      into.error(new TypeError("network error"));
    },
    /** Continue the same turn over this connection. */
    after(count) {
      number = count;
      return this;
    },
  };
}

/** A page with chat 7 open and the test's API functions; `calls` records all calls. */
function pageWith(given = {}, state = {}) {
  const calls = [];
  const notifications = [];
  const reloaded = [];
  const titled = [];
  const pauses = [];
  const api = new Proxy(
    {},
    {
      get:
        (_, name) =>
        async (...values) => {
          calls.push([name, ...values]);
          if (!given[name]) throw new Error(`the test has no ${String(name)}`);
          return given[name](...values);
        },
    },
  );
  const store = {
    state: {
      ...initialState(),
      openKey: 7,
      conversations: new Map([
        [7, blankConversation(7)],
        [NEW, blankConversation(NEW)],
      ]),
      ...state,
    },
    update(change) {
      const patch = typeof change === "function" ? change(this.state) : change;
      this.state = { ...this.state, ...patch };
    },
  };
  const page = {
    notifyOthers: (message) => notifications.push(message),
    showAddress: (key) => notifications.push(["address", key]),
    isHidden: () => false,
    pause: async (milliseconds) => {
      pauses.push(milliseconds);
    },
  };
  const actions = turnActions({
    store,
    api,
    page,
    reload: async (...values) => void reloaded.push(values),
    awaitTitle: (key) => titled.push(key),
  });
  const chat = (key = 7) => store.state.conversations.get(key);
  const shown = (key = 7) => pathOf(chat(key)).map((message) => [message.role, textOf(message), message.status]);
  const called = (name) => calls.filter(([each]) => each === name).map(([, ...values]) => values);
  return { actions, store, chat, shown, called, notifications, reloaded, titled, pauses };
}

/** Wait until all started work waits for the test. */
const settled = async () => {
  for (let round = 0; round < 5; round += 1) await new Promise((resolve) => setImmediate(resolve));
};

test("a question is sent, its answer streams, and the chat ends in a valid state", async () => {
  const wire = connection();
  const { actions, store, chat, shown, called, notifications } = pageWith({ startTurn: () => wire.response });
  store.update({ drafts: new Map([[7, "Why?"]]) });
  const asking = actions.send("Why?");
  assert.deepEqual(shown(), [
    ["user", "Why?", "completed"],
    ["assistant", "", "running"],
  ]);
  assert.equal(chat().turn.phase, "sending");
  assert.equal(store.state.drafts.has(7), false);
  wire.send("turn", TURN);
  await settled();
  assert.equal(chat().turn.phase, "streaming");
  assert.deepEqual([...store.state.runningIds], [7]);
  wire.send("delta", { text: "Beca" });
  wire.send("delta", { text: "use." });
  wire.done();
  await asking;
  assert.deepEqual(shown(), [
    ["user", "Why?", "completed"],
    ["assistant", "Because.", "completed"],
  ]);
  assert.deepEqual(
    pathOf(chat()).map(({ id }) => id),
    [11, 12],
  );
  assert.equal(chat().turn, null);
  assert.equal(store.state.runningIds.size, 0);
  assert.deepEqual(notifications, [
    { conversation: 7, running: true },
    { conversation: 7, running: false },
  ]);
  const [[key, turn, live]] = called("startTurn");
  assert.deepEqual([key, turn.text, live], [7, "Why?", true]);
  assert.ok(turn.client_id.length > 10);
});

test("a message sent twice at once is one turn", async () => {
  const wire = connection();
  const { actions, called, shown } = pageWith({ startTurn: () => wire.response });
  const both = [actions.send("Why?"), actions.send("Why?")];
  wire.send("turn", TURN);
  wire.done();
  await Promise.all(both);
  assert.equal(called("startTurn").length, 1);
  assert.equal(shown().length, 2);
});

for (const [what, change] of [
  ["nothing but blanks", { text: " \n" }],
  ["a chat that is still loading", { phase: "loading" }],
  ["a chat that is gone", { phase: "missing" }],
  ["a chat that is not known", { key: 99 }],
]) {
  test(`not asked: ${what}`, async () => {
    const { actions, called } = pageWith(
      {},
      { conversations: new Map([[7, blankConversation(7, change.phase ?? "ready")]]) },
    );
    await actions.send(change.text ?? "Why?", { key: change.key ?? 7 });
    assert.deepEqual(called("startTurn"), []);
  });
}

test("a new chat is created first, and gets its id and, if open, its address", async () => {
  const wire = connection();
  const { actions, store, shown, called, notifications } = pageWith(
    { createConversation: () => ({ id: 8, title: "Why?" }), startTurn: () => wire.response },
    { openKey: NEW },
  );
  const asking = actions.send("Why?");
  wire.send("turn", TURN);
  wire.done();
  await asking;
  assert.equal(called("startTurn")[0][0], 8);
  assert.equal(store.state.openKey, 8);
  assert.equal(shown(8).at(-1)[2], "completed");
  assert.deepEqual(notifications[0], ["address", 8]);
  assert.equal(store.state.conversations.get(NEW).messages.size, 0);
});

test("a new chat that was left meanwhile does not change the address", async () => {
  const wire = connection();
  const { actions, store, notifications } = pageWith(
    {
      createConversation: () => {
        store.update({ openKey: 7 });
        return { id: 8, title: "" };
      },
      startTurn: () => wire.response,
    },
    { openKey: NEW },
  );
  const asking = actions.send("Why?");
  wire.send("turn", TURN);
  wire.done();
  await asking;
  assert.equal(store.state.openKey, 7);
  assert.ok(notifications.every((each) => !Array.isArray(each)));
});

test("a refused message goes back into the box, and the chat is unchanged", async () => {
  const { actions, store, chat } = pageWith({
    startTurn: () => {
      throw new ApiError(400, "too_long", "The message is too long.");
    },
  });
  const asking = actions.send("Why?");
  store.update({ drafts: new Map([[7, "typed since"]]) });
  await asking;
  assert.equal(store.state.drafts.get(7), "Why?\ntyped since");
  assert.equal(chat().messages.size, 0);
  assert.equal(chat().turn, null);
  assert.ok(store.state.problem.text);
});

test("an overload repeats the request as the same turn", async () => {
  const wire = connection();
  const answers = [new ApiError(503, "overloaded", "", 1), new Unreachable("gone"), null];
  const { actions, called, shown, pauses } = pageWith({
    startTurn: () => {
      const error = answers.shift();
      if (error) throw error;
      wire.send("turn", TURN);
      wire.done();
      return wire.response;
    },
  });
  await actions.send("Why?");
  const ids = called("startTurn").map(([, turn]) => turn.client_id);
  assert.equal(ids.length, 3);
  assert.equal(new Set(ids).size, 1);
  assert.equal(pauses.length, 2);
  assert.equal(shown().at(-1)[2], "completed");
});

test("an unacknowledged message sent again is the same turn; an edited one is another", async () => {
  const { actions, called } = pageWith({
    startTurn: () => {
      throw new Unreachable("gone");
    },
  });
  for (const text of ["Why?", "Why?", "Why not?"]) await actions.send(text);
  const ids = new Map(called("startTurn").map(([, turn]) => [turn.client_id, turn.text]));
  assert.deepEqual([...ids.values()], ["Why?", "Why not?"]);
});

test("another window was faster: its question is shown", async () => {
  const { actions, reloaded, store } = pageWith({
    startTurn: () => {
      throw new ApiError(409, "busy", "Another answer is being written.");
    },
  });
  await actions.send("Why?");
  assert.deepEqual(reloaded, [[7]]);
  assert.equal(store.state.drafts.get(7), "Why?");
});

test("a missing chat is shown as such, and the text is not lost", async () => {
  const { actions, chat, store } = pageWith({
    startTurn: () => {
      throw new ApiError(404, "not_found", "");
    },
  });
  await actions.send("Why?");
  assert.equal(chat().phase, "missing");
  assert.equal(store.state.drafts.get(7), "Why?");
});

test("a cut connection is resumed after the last event", async () => {
  const [first, second] = [connection(), connection().after(2)];
  const { actions, called, shown, store } = pageWith({
    startTurn: () => first.response,
    turnEvents: () => second.response,
  });
  const asking = actions.send("Why?");
  first.send("turn", TURN);
  first.send("delta", { text: "Beca" });
  await settled();
  first.break();
  await settled();
  second.send("delta", { text: "use." });
  second.done();
  await asking;
  assert.deepEqual(called("turnEvents")[0].slice(0, 2), [31, 2]);
  assert.equal(shown().at(-1)[1], "Because.");
  assert.equal(store.state.problem, null);
});

test("after a turn that the server does not know, the chat is loaded again", async () => {
  const wire = connection();
  const { actions, reloaded, chat } = pageWith({
    startTurn: () => wire.response,
    turnEvents: () => {
      throw new ApiError(404, "not_found", "");
    },
  });
  const asking = actions.send("Why?");
  wire.send("turn", TURN);
  await settled();
  wire.break();
  await asking;
  assert.deepEqual(reloaded, [[7, { join: false }]]);
  assert.equal(chat().turn, null);
});

test("Stop before the server has the question takes it back without an error", async () => {
  const { actions, store, chat, called } = pageWith({
    startTurn: () => {
      throw new ApiError(503, "overloaded", "", 1);
    },
  });
  const asking = actions.send("Why?");
  await actions.stop(7);
  await asking;
  assert.equal(called("stopTurn").length, 0);
  assert.equal(chat().messages.size, 0);
  assert.equal(store.state.drafts.get(7), "Why?");
  assert.equal(store.state.problem, null);
});

test("Stop while the question is on its way stops the turn as soon as it has started", async () => {
  const wire = connection();
  const { actions, called, shown } = pageWith({ startTurn: () => wire.response, stopTurn: () => ({}) });
  const asking = actions.send("Why?");
  await settled();
  await actions.stop(7);
  wire.send("turn", TURN);
  await settled();
  assert.deepEqual(called("stopTurn"), [[31]]);
  wire.done("stopped");
  await asking;
  assert.equal(shown().at(-1)[2], "stopped");
});

test("Stop of a running answer is sent once, and its failure is shown", async () => {
  const wire = connection();
  const { actions, called, store } = pageWith({
    startTurn: () => wire.response,
    stopTurn: () => {
      throw new Unreachable("gone");
    },
  });
  const asking = actions.send("Why?");
  wire.send("turn", TURN);
  await settled();
  await actions.stop(7);
  assert.deepEqual(called("stopTurn"), [[31]]);
  assert.ok(store.state.problem.text);
  wire.done();
  await asking;
});

test("Stop where nothing runs does nothing", async () => {
  const { actions, called } = pageWith();
  await actions.stop(7);
  await actions.stop(99);
  assert.deepEqual(called("stopTurn"), []);
});

/** Chat 7 with a question and an answer that the server has. */
function answered(status = "completed") {
  const question = { ...localMessage(1, "user", null, "Why?"), id: 1 };
  const answer = {
    ...localMessage(2, "assistant", 1, "Because"),
    id: 2,
    status,
    turnId: status === "running" ? 31 : null,
  };
  return { conversations: new Map([[7, withMessages(blankConversation(7), question, answer)]]) };
}

test("another answer is a sibling of the first, by the selected model or wish", async () => {
  const wire = connection();
  const { actions, called, chat, shown } = pageWith({ regenerate: () => wire.response }, answered());
  const asking = actions.regenerate(chat().messages.get(2), { wish: "shorter" });
  wire.send("turn", { ...TURN, user_message_id: 1 });
  wire.send("delta", { text: "So." });
  wire.done();
  await asking;
  assert.deepEqual(called("regenerate")[0], [2, { wish: "shorter" }, true]);
  assert.deepEqual(
    shown().map(([, text]) => text),
    ["Why?", "So."],
  );
  assert.equal(textOf(chat().messages.get(2)), "Because");
});

test("a failed request for another answer leaves the first one", async () => {
  const { actions, chat, store } = pageWith(
    {
      regenerate: () => {
        throw new ApiError(400, "bad", "No.");
      },
    },
    answered("failed"),
  );
  await actions.retry(chat().messages.get(2));
  assert.equal(chat().headId, 2);
  assert.equal(chat().turn, null);
  assert.ok(store.state.problem);
});

test("a continued answer begins with the earlier text", async () => {
  const wire = connection();
  const { actions, chat, shown } = pageWith({ continueAnswer: () => wire.response }, answered("stopped"));
  const asking = actions.continueAnswer(chat().messages.get(2));
  assert.equal(shown().at(-1)[1], "Because");
  wire.send("turn", { ...TURN, user_message_id: 1 });
  wire.send("delta", { text: "Because" }); // the events tell all of it
  wire.send("delta", { text: " of that." });
  wire.done();
  await asking;
  assert.equal(shown().at(-1)[1], "Because of that.");
});

test("while an answer runs, no other is requested", async () => {
  const wire = connection();
  const { actions, called, chat } = pageWith({ startTurn: () => wire.response }, answered());
  const asking = actions.send("And?");
  await actions.regenerate(chat().messages.get(2));
  await actions.edit(chat().messages.get(1), "Who?");
  assert.deepEqual(called("regenerate"), []);
  assert.equal(called("startTurn").length <= 1, true);
  wire.send("turn", TURN);
  wire.done();
  await asking;
});

test("an edited question is a branch beside the first", async () => {
  const wire = connection();
  const { actions, called, chat, shown } = pageWith({ startTurn: () => wire.response }, answered());
  const asking = actions.edit(chat().messages.get(1), "Who?");
  wire.send("turn", TURN);
  wire.done();
  await asking;
  const [, turn] = called("startTurn")[0];
  assert.deepEqual([turn.text, turn.parent_id], ["Who?", null]);
  assert.deepEqual(
    shown().map(([, text]) => text),
    ["Who?", ""],
  );
  assert.ok(chat().messages.has(1));
});

test("an answer that another window began is followed, and can be stopped from here", async () => {
  const wire = connection();
  const { actions, called, chat, shown, store } = pageWith(
    { turnEvents: () => wire.response, stopTurn: () => ({}) },
    answered("running"),
  );
  const joining = actions.join(7, chat().messages.get(2));
  wire.send("turn", { ...TURN, message_id: 2, user_message_id: 1 });
  await settled();
  assert.deepEqual([...store.state.runningIds], [7]);
  await actions.stop(7);
  assert.deepEqual(called("stopTurn"), [[31]]);
  wire.done("stopped");
  await joining;
  assert.equal(shown().at(-1)[2], "stopped");
  assert.equal(store.state.runningIds.size, 0);
});

test("an answer that this window does not follow is stopped and loaded again", async () => {
  const { actions, called, reloaded } = pageWith({ stopTurn: () => ({}) }, answered("running"));
  await actions.stop(7);
  assert.deepEqual(called("stopTurn"), [[31]]);
  assert.deepEqual(reloaded, [[7]]);
});

test("a title that comes with the answer is shown, and the model's title is awaited", async () => {
  const wire = connection();
  const { actions, chat, titled } = pageWith({ startTurn: () => wire.response });
  const asking = actions.send("Why?");
  wire.send("turn", TURN);
  wire.send("title", { title: "Reasons" });
  wire.done();
  await asking;
  assert.equal(chat().title, "Reasons");
  assert.deepEqual(titled, [7]);
});

test("each chat has its own turn: one fails while the other goes on", async () => {
  const wire = connection();
  const { actions, chat, store } = pageWith(
    {
      startTurn: (key) => {
        if (key === 8) throw new ApiError(400, "bad", "No.");
        return wire.response;
      },
    },
    {
      conversations: new Map([
        [7, blankConversation(7)],
        [8, blankConversation(8)],
      ]),
    },
  );
  const asking = actions.send("Why?");
  wire.send("turn", TURN);
  await settled();
  await actions.send("And here?", { key: 8 });
  assert.equal(chat(8).turn, null);
  assert.equal(chat(7).turn.phase, "streaming");
  assert.equal(store.state.drafts.get(8), "And here?");
  wire.done();
  await asking;
  assert.equal(chat(7).turn, null);
});
