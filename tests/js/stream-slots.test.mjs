import assert from "node:assert/strict";
import { test } from "node:test";

import { SLOTS, StreamSlots, VisibleOnlySlots } from "../../chat/web/static/js/network/stream-slots.js";
import { followTurn } from "../../chat/web/static/js/network/turn-stream.js";

/** The shared state of a browser's windows: locks that are held until released, and a channel. */
function browser() {
  const taken = new Set();
  const windows = [];
  return {
    taken,
    window() {
      const listeners = [];
      const channel = {
        addEventListener: (_, listener) => listeners.push(listener),
        postMessage() {
          for (const each of windows.filter((listed) => listed !== listeners)) for (const run of each) run();
        },
      };
      windows.push(listeners);
      return new StreamSlots({ locks: { request }, channel });
    },
  };

  async function request(name, options, run) {
    assert.deepEqual(options, { ifAvailable: true });
    if (taken.has(name)) return run(null);
    taken.add(name);
    await run({ name });
    taken.delete(name);
    return undefined;
  }
}

const seen = () => true;
const hidden = () => false;

test("a browser's windows have three slots together", async () => {
  const shared = browser();
  const slots = [shared.window(), shared.window()];
  const held = [];
  for (let count = 0; count < SLOTS; count += 1) held.push(await slots[count % 2].acquire(seen));
  assert.ok(held.every(Boolean));
  assert.equal(await slots[0].acquire(seen), null);
  held[0].release();
  await new Promise(setImmediate);
  assert.ok(await slots[1].acquire(seen));
});

test("a hidden answer gives its slot to a visible one, and a visible one keeps it", async () => {
  const shared = browser();
  const held = [
    await shared.window().acquire(seen),
    await shared.window().acquire(hidden),
    await shared.window().acquire(hidden),
  ];
  assert.equal(await shared.window().acquire(hidden), null);
  assert.deepEqual(
    held.map(({ revoked }) => revoked.aborted),
    [false, false, false],
  );
  await shared.window().acquire(seen);
  assert.equal(held[0].revoked.aborted, false);
  assert.ok(held.slice(1).some(({ revoked }) => revoked.aborted));
});

test("without locks, an answer streams while it is visible", async () => {
  const page = new EventTarget();
  let isVisible = true;
  const slots = new VisibleOnlySlots(page);
  const slot = await slots.acquire(() => isVisible);
  isVisible = false;
  page.dispatchEvent(new Event("visibilitychange"));
  assert.equal(slot.revoked.aborted, true);
  assert.equal(await slots.acquire(() => isVisible), null);
});

const EVENTS = [
  ["turn", { turn_id: 7 }],
  ["delta", { text: "a" }],
  ["delta", { text: "b" }],
  ["done", { status: "completed" }],
];
const framesOf = (from, to) =>
  EVENTS.slice(from, to)
    .map(([name, data], index) => `id: ${from + index + 1}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
    .join("");

async function follow(how) {
  const told = { events: [], asked: [], pauses: [] };
  await followTurn({
    onEvent: (name, data) => told.events.push([name, data]),
    onReconnecting: () => assert.fail("nothing was broken"),
    pause: async (milliseconds) => told.pauses.push(milliseconds),
    ...how,
    resume: (id, after, live) => {
      told.asked.push([id, after, live]);
      return how.resume(id, after, live);
    },
  });
  return told;
}

test("without a slot, a turn starts without a stream and is polled until it is done", async () => {
  const ends = [0, 2, 4];
  const told = await follow({
    slots: { acquire: async () => null },
    open: async (live) => {
      assert.equal(live, false);
      return { turnId: 7 };
    },
    // No event, then two events, then the rest.
    resume: async (_, after) => new Response(framesOf(after, ends.shift())),
  });
  assert.deepEqual(told.events, EVENTS);
  assert.deepEqual(told.asked, [
    [7, 0, false],
    [7, 0, false],
    [7, 2, false],
  ]);
  assert.equal(told.pauses.length, 2);
});

test("a revoked slot ends the stream, without lost or repeated events", async () => {
  const revocation = new AbortController();
  const slots = [{ revoked: revocation.signal, release() {} }, null];
  const stuck = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(framesOf(0, 2)));
      setTimeout(() => revocation.abort(), 5);
    },
  });
  const told = await follow({
    slots: { acquire: async () => slots.shift() },
    open: async () => new Response(stuck),
    resume: async (_, after) => new Response(framesOf(after, 4)),
  });
  assert.deepEqual(told.events, EVENTS);
  assert.deepEqual(told.asked, [[7, 2, false]]);
});

test("a complete stream is not cancelled, but ends by itself", async () => {
  let cancelled = false;
  const ends = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(framesOf(0, 4)));
      setTimeout(() => controller.close(), 5);
    },
    cancel() {
      cancelled = true;
    },
  });
  await follow({ open: async () => new Response(ends), resume: () => assert.fail() });
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(cancelled, false);
});
