import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, Unreachable } from "../../chat/web/static/js/network/api.js";
import { blankConversation, NEW, pathOf } from "../../chat/web/static/js/state/conversation.js";
import { answered, connection, pageWith, settled, TURN } from "./turn-page.mjs";

test("a question is sent, its answer streams, and the chat ends in a valid state", async () => {
  const wire = connection();
  const { actions, store, chat, shown, called, notifications } = pageWith({ startTurn: () => wire.response });
  store.state.conversations.get(7).archived = true;
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
  assert.equal(chat().archived, false);
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

test("a new chat may be begun while the server still creates the one before", async () => {
  const wires = [connection(), connection()];
  const creations = [];
  const { actions, store, shown, called, notifications } = pageWith(
    {
      createConversation: () => new Promise((resolve) => creations.push(resolve)),
      startTurn: (key) => wires[key - 8].response,
    },
    { openKey: NEW, temporary: true, drafts: new Map([[NEW, "for later"]]) },
  );
  const first = actions.send("One?");
  // The draft stays with the chat in which it was written.
  assert.equal(store.state.drafts.get(store.state.openKey), "for later");
  store.update({ openKey: NEW });
  const second = actions.send("Two?");
  const open = store.state.openKey;
  assert.equal(store.state.drafts.has(NEW), false);
  assert.deepEqual(
    called("createConversation").map(([how]) => how),
    [{ temporary: true }, {}],
  );
  creations[1]({ id: 9, title: "" });
  await settled();
  assert.equal(store.state.openKey, 9);
  assert.equal(store.state.conversations.has(open), false);
  creations[0]({ id: 8, title: "" });
  for (const wire of wires) {
    wire.send("turn", TURN);
    wire.done();
  }
  await Promise.all([first, second]);
  assert.equal(shown(8)[0][1], "One?");
  assert.equal(shown(9)[0][1], "Two?");
  assert.equal(store.state.drafts.get(8), "for later");
  assert.equal(store.state.openKey, 9);
  assert.deepEqual(
    notifications.filter((each) => Array.isArray(each)),
    [["address", 9]],
  );
  assert.deepEqual([...store.state.conversations.keys()].toSorted(), [7, 8, 9, NEW]);
});

for (const left of [false, true]) {
  test(`a chat that the server does not create is the new chat again${left ? ", behind a newer draft" : ""}`, async () => {
    let refuse;
    const { actions, store, shown } = pageWith(
      {
        createConversation: () =>
          new Promise((_, reject) => {
            refuse = reject;
          }),
      },
      { openKey: NEW, temporary: true },
    );
    const asking = actions.send("Why?");
    store.update({ drafts: new Map([[store.state.openKey, "since"]]) });
    if (left) store.update({ openKey: NEW, drafts: new Map(store.state.drafts).set(NEW, "newer") });
    refuse(new ApiError(409, "too_many_conversations", "Delete some first."));
    await asking;
    assert.equal(store.state.openKey, NEW);
    assert.equal(store.state.drafts.get(NEW), `Why?\nsince${left ? "\nnewer" : ""}`);
    assert.equal(store.state.temporary, !left);
    assert.deepEqual([...store.state.conversations.keys()].toSorted(), [7, NEW]);
    assert.deepEqual(shown(NEW), []);
    assert.ok(store.state.problem.text);
    // The next one is created like any other.
    const again = actions.send("Again?");
    assert.notEqual(store.state.openKey, NEW);
    refuse(new ApiError(409, "", ""));
    await again;
  });
}

test("a page that is left keeps what the server has not acknowledged", async () => {
  const wire = connection();
  const { actions, store } = pageWith({
    startTurn: () => wire.response,
    createConversation: () => new Promise(() => {}),
  });
  const asking = actions.send("Why?");
  store.update({ openKey: NEW });
  actions.send("New?");
  actions.returnUnsent();
  actions.returnUnsent();
  assert.deepEqual(
    [...store.state.drafts],
    [
      [7, "Why?"],
      [NEW, "New?"],
    ],
  );
  store.update({ drafts: new Map() });
  wire.send("turn", TURN);
  await settled();
  actions.returnUnsent();
  assert.deepEqual([...store.state.drafts.keys()], []);
  wire.done();
  await asking;
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
