import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, Unreachable } from "../../chat/web/static/js/network/api.js";
import { textOf } from "../../chat/web/static/js/state/message.js";
import { answered, connection, pageWith, settled, TURN } from "./turn-page.mjs";

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
