import assert from "node:assert/strict";
import { test } from "node:test";
import { unreadActions } from "../../chat/web/static/js/actions/unread.js";
import { initialState, runningChanged } from "../../chat/web/static/js/state/page.js";
import { Store } from "../../chat/web/static/js/state/store.js";
import { withAwaited } from "../../chat/web/static/js/state/unread.js";

const item = (id, running = false) => ({ id, title: `Chat ${id}`, updatedAt: id, pinned: false, running });

function page({ openKey = "new", seen = true, notify = false, awaited = [] } = {}) {
  const notified = [];
  const waiting = [];
  const look = { seen };
  const store = new Store(
    {
      ...initialState(),
      openKey,
      awaitedIds: new Set(awaited),
      preferences: { notify },
      history: { phase: "ready", items: [item(1), item(2)] },
    },
    withAwaited,
  );
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

test("an answer in the open chat is read if the window has the focus", () => {
  const { set, look } = page({ openKey: 1 });
  set({ runningIds: new Set([1]) });
  assert.deepEqual(set({ runningIds: new Set() }), []);
  set({ runningIds: new Set([1]) });
  look.seen = false;
  assert.deepEqual(set({ runningIds: new Set() }), [1]);
  look.seen = true;
  assert.deepEqual(set({}), []);
});

const inList = (running) => ({ history: { phase: "ready", items: [item(1, running), item(2)] } });

test("an answer that begins and ends between two checks is reported like any other", () => {
  const begins = (state) => runningChanged(state, 1, true);
  const ends = (state) => runningChanged(state, 1, false);
  for (const changes of [
    [begins, ends],
    [begins, ends, begins, ends],
    [inList(true), inList(false)],
  ]) {
    const { set, store, notified, waited } = page({ openKey: 1, notify: true, seen: false });
    for (const change of changes.slice(0, -1)) store.update(change);
    assert.deepEqual(set(changes.at(-1)), [1]);
    waited();
    assert.deepEqual(notified, [{ key: 1, title: "Chat 1" }]);
    assert.deepEqual([...store.state.awaitedIds], []);
  }
});

test("where the next answer began at once, the end of that one is awaited", () => {
  const { set, store } = page();
  for (const running of [true, false]) store.update((state) => runningChanged(state, 1, running));
  assert.deepEqual(
    set((state) => runningChanged(state, 1, true)),
    [],
  );
  assert.deepEqual(
    set((state) => runningChanged(state, 1, false)),
    [1],
  );
});

test("the end of one answer does not lose the beginning of another in the same moment", () => {
  const { set, store } = page();
  store.update({ runningIds: new Set([1]) });
  assert.deepEqual(set({ runningIds: new Set([2]) }), [1]);
  assert.deepEqual(set({ runningIds: new Set() }), [1, 2]);
});

test("what ended while no window was open is unread", () => {
  const { set } = page({ awaited: [2] });
  assert.deepEqual(set({}), [2]);
});

test("before the list is loaded no answer counts as ended", () => {
  const { set, store } = page({ awaited: [2] });
  assert.deepEqual(set({ history: { phase: "loading", items: [] } }), []);
  assert.deepEqual([...store.state.awaitedIds], [2]);
});

test("another window's answer, known from the list", () => {
  const { set } = page();
  set({ history: { phase: "ready", items: [item(1, true), item(2)] } });
  assert.deepEqual(set({ history: { phase: "ready", items: [item(1), item(2)] } }), [1]);
});

test("a deleted chat is not unread", () => {
  const { set, store } = page({ awaited: [77] });
  assert.deepEqual(set({}), []);
  assert.deepEqual([...store.state.awaitedIds], []);
});

test("a notification needs the setting, no focus, and no other window that has shown the answer", () => {
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
