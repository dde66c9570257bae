import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, Unreachable } from "../../chat/web/static/js/network/api.js";
import { delayBefore, followTurn, isSafeToRetry, TurnLost } from "../../chat/web/static/js/network/turn-stream.js";

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

async function follow({ open, resume = (_, after) => events(after), ...how }) {
  const told = { events: [], reconnecting: 0, resumed: [] };
  await followTurn({
    open,
    resume: (id, after) => {
      told.resumed.push([id, after]);
      return resume(id, after);
    },
    ...how,
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

test("a cut stream continues after the last event, and each event comes once", async () => {
  const told = await follow({ open: () => events(0, 2), resume: (_, after) => events(after, 1) });
  assert.deepEqual(told.events, EVENTS);
  assert.deepEqual(told.resumed, [
    [7, 2],
    [7, 3],
  ]);
});

test("events that the server repeats are skipped", async () => {
  const told = await follow({ open: () => events(0, 3), resume: () => events() });
  assert.deepEqual(told.events, EVENTS);
});

test("before a turn is known, a temporary refusal repeats the same request", async () => {
  const answers = [new ApiError(503, "restarting", "in a moment", 2), new ApiError(502, "", ""), null];
  const open = async () => {
    const error = answers.shift();
    if (error) throw error;
    return events();
  };
  const told = await follow({ open });
  assert.deepEqual(told.events, EVENTS);
  assert.equal(told.reconnecting, 2);
});

test("before a turn is known, other errors are thrown, and so is a lasting refusal", async () => {
  for (const error of [
    new Unreachable("refused"),
    new ApiError(409, "turn_running", "busy"),
    new ApiError(429, "limit", "wait", 60),
  ]) {
    const open = async () => {
      throw error;
    };
    await assert.rejects(follow({ open }), (thrown) => thrown === error);
  }
  let tries = 0;
  const open = async () => {
    tries += 1;
    throw new ApiError(503, "overloaded", "busy", 1);
  };
  await assert.rejects(follow({ open }), ApiError);
  assert.ok(tries > 3 && tries < 20, `${tries} tries`);
  await assert.rejects(follow({ open: () => events(0, 0) }), /before the turn was done/);
});

test("an idempotent request is also repeated when its result is unknown", async () => {
  const answers = [new Unreachable("refused"), new Response("")];
  const open = async () => {
    const answer = answers.shift() ?? events();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  assert.deepEqual((await follow({ open, canReopen: isSafeToRetry })).events, EVENTS);
});

test("opening can be aborted", async () => {
  const giveUp = new AbortController();
  const open = async () => {
    giveUp.abort();
    throw new Unreachable("refused");
  };
  await assert.rejects(follow({ open, canReopen: isSafeToRetry, signal: giveUp.signal }), Unreachable);
});

test("a known turn is resumed after network errors, a limited number of times", async () => {
  let tries = 0;
  const resume = () => {
    tries += 1;
    throw new Unreachable("refused");
  };
  await assert.rejects(follow({ open: () => events(0, 1), resume }), TurnLost);
  assert.ok(tries >= 20 && tries <= 100, `${tries} tries`);
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

test("an event that is not JSON is requested again", async () => {
  const garbled = new Response('id: 1\nevent: turn\ndata: {"turn_id": 7}\n\nid: 2\nevent: delta\ndata: {"te\n\n');
  assert.deepEqual((await follow({ open: () => garbled })).events, EVENTS);
});

test("an error without a number ends the following: the server cannot read the turn", async () => {
  const refusal = new Response(
    'event: error\ndata: {"code": "internal", "message": "Not read.", "retryable": false}\n\n',
  );
  const told = [];
  const following = followTurn({
    open: () => events(0, 2),
    resume: () => refusal,
    onEvent: (name) => told.push(name),
    onReconnecting() {},
    pause: async () => {},
  });
  await assert.rejects(following, (error) => error instanceof ApiError && error.code === "internal");
  assert.deepEqual(told, ["turn", "delta"]);
});

test("delays grow up to a limit, and respect the server's", () => {
  const middle = () => 0.5;
  assert.deepEqual(
    [1, 2, 3, 9].map((attempt) => delayBefore(attempt, null, middle)),
    [500, 1000, 2000, 8000],
  );
  assert.equal(delayBefore(1, 30, middle), 30_000);
});
