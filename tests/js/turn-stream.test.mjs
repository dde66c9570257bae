import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, Unreachable } from "../../chat/web/static/js/api.js";
import { delayBefore, followTurn, TurnLost } from "../../chat/web/static/js/turn-stream.js";

const EVENTS = [
  ["turn", { turn_id: 7 }],
  ["delta", { text: "a" }],
  ["delta", { text: "b" }],
  ["done", { status: "completed" }],
];

/** A response with the events after `after`, at most `count` of them. */
function events(after = 0, count = EVENTS.length) {
  const lines = EVENTS.map(
    ([name, data], index) => `id: ${index + 1}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`,
  );
  return new Response(lines.slice(after, after + count).join(""));
}

async function follow({ open, resume = (_, after) => events(after), turnId = null }) {
  const told = { events: [], reconnecting: 0, resumed: [] };
  await followTurn({
    open,
    resume: (id, after) => {
      told.resumed.push([id, after]);
      return resume(id, after);
    },
    turnId,
    onEvent: (name, data) => told.events.push([name, data]),
    onReconnecting: () => (told.reconnecting += 1),
    pause: async () => {},
  });
  return told;
}

test("a stream in one piece needs one connection", async () => {
  const told = await follow({ open: () => events() });
  assert.deepEqual(told, { events: EVENTS, reconnecting: 0, resumed: [] });
});

test("a cut stream goes on after the last event, and each event is told once", async () => {
  const told = await follow({ open: () => events(0, 2), resume: (_, after) => events(after, 1) });
  assert.deepEqual(told.events, EVENTS);
  assert.deepEqual(told.resumed, [
    [7, 2],
    [7, 3],
  ]);
});

test("a server that tells all events again is heard once", async () => {
  const told = await follow({ open: () => events(0, 3), resume: () => events() });
  assert.deepEqual(told.events, EVENTS);
});

test("before a turn is known, what went wrong is the caller's business", async () => {
  for (const error of [new Unreachable("refused"), new ApiError(503, "overloaded", "busy", 5)]) {
    const open = async () => {
      throw error;
    };
    await assert.rejects(follow({ open }), (thrown) => thrown === error);
  }
  await assert.rejects(follow({ open: () => events(0, 0) }), /before the turn was done/);
});

test("a known turn is tried again when the network is away, and given up in the end", async () => {
  let tries = 0;
  const resume = () => {
    tries += 1;
    throw new Unreachable("refused");
  };
  await assert.rejects(follow({ open: () => events(0, 1), resume }), TurnLost);
  assert.ok(tries >= 5 && tries <= 20, `${tries} tries`);
});

test("a refusal is final, an overloaded server is not", async () => {
  const gone = new ApiError(404, "not_found", "gone");
  const resume = () => {
    throw gone;
  };
  await assert.rejects(follow({ open: () => events(0, 1), resume }), (thrown) => thrown === gone);
  let first = true;
  const busyOnce = (_, after) => {
    if (!first) return events(after);
    first = false;
    throw new ApiError(503, "overloaded", "busy", 1);
  };
  assert.deepEqual((await follow({ open: () => events(0, 1), resume: busyOnce })).events, EVENTS);
});

test("an event that is not JSON is asked for again", async () => {
  const garbled = new Response('id: 1\nevent: turn\ndata: {"turn_id": 7}\n\nid: 2\nevent: delta\ndata: {"te\n\n');
  assert.deepEqual((await follow({ open: () => garbled })).events, EVENTS);
});

test("waits grow, have an end, and respect what the server asked for", () => {
  const middle = () => 0.5;
  assert.deepEqual(
    [1, 2, 3, 9].map((attempt) => delayBefore(attempt, null, middle)),
    [500, 1000, 2000, 8000],
  );
  assert.equal(delayBefore(1, 30, middle), 30_000);
});
