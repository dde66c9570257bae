import assert from "node:assert/strict";
import { test } from "node:test";
import { unreadActions } from "../../chat/web/static/js/actions/unread.js";
import { initialState } from "../../chat/web/static/js/state/page.js";

const item = (id, running = false) => ({ id, title: `Chat ${id}`, updatedAt: id, pinned: false, running });

function page({ openKey = "new", seen = true, notify = false, awaited = [] } = {}) {
  const notified = [];
  const waiting = [];
  const look = { seen };
  const store = {
    state: {
      ...initialState(),
      openKey,
      awaitedIds: new Set(awaited),
      preferences: { notify },
      history: { phase: "ready", items: [item(1), item(2)] },
    },
    update(change) {
      store.state = { ...store.state, ...(typeof change === "function" ? change(store.state) : change) };
    },
  };
  const { watchEnds } = unreadActions({
    store,
    isSeen: () => look.seen,
    notify: (what) => notified.push(what),
    wait: (run) => waiting.push(run),
  });
  const set = (change) => {
    store.update(change);
    watchEnds();
    return [...store.state.unreadIds];
  };
  const waited = () => {
    for (const run of waiting.splice(0)) run();
  };
  return { set, look, notified, waited, store };
}

test("an answer that ends in another chat is unread until that chat is opened", () => {
  const { set } = page();
  assert.deepEqual(set({ runningIds: new Set([1]) }), []);
  assert.deepEqual(set({ runningIds: new Set() }), [1]);
  assert.deepEqual(set({ openKey: 2 }), [1]);
  assert.deepEqual(set({ openKey: 1 }), []);
});

test("in the open chat it is read, if somebody is there", () => {
  const { set, look } = page({ openKey: 1 });
  set({ runningIds: new Set([1]) });
  assert.deepEqual(set({ runningIds: new Set() }), []);
  set({ runningIds: new Set([1]) });
  look.seen = false;
  assert.deepEqual(set({ runningIds: new Set() }), [1]);
  look.seen = true;
  assert.deepEqual(set({}), []);
});

test("what ended while no window was open is unread", () => {
  const { set } = page({ awaited: [2] });
  assert.deepEqual(set({}), [2]);
});

test("as long as the list is not there nothing is said to have ended", () => {
  const { set, store } = page({ awaited: [2] });
  assert.deepEqual(set({ history: { phase: "loading", items: [] } }), []);
  assert.deepEqual([...store.state.awaitedIds], [2]);
});

test("another window's answer, known from the list", () => {
  const { set } = page();
  set({ history: { phase: "ready", items: [item(1, true), item(2)] } });
  assert.deepEqual(set({ history: { phase: "ready", items: [item(1), item(2)] } }), [1]);
});

test("a chat that is gone has nothing to be read", () => {
  const { set, store } = page({ awaited: [77] });
  assert.deepEqual(set({}), []);
  assert.deepEqual([...store.state.awaitedIds], []);
});

test("a notification only where it is wanted, nobody looks, and no other window has shown it", () => {
  for (const [wanted, seen, shownElsewhere, expected] of [
    [true, false, false, 1],
    [false, false, false, 0],
    [true, true, false, 0],
    [true, false, true, 0],
  ]) {
    const { set, notified, waited } = page({ notify: wanted, seen });
    set({ runningIds: new Set([1]) });
    set({ runningIds: new Set() });
    if (shownElsewhere) set({ unreadIds: new Set() });
    waited();
    assert.equal(notified.length, expected);
    if (expected) assert.deepEqual(notified[0], { key: 1, title: "Chat 1" });
  }
});
