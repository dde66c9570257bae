import assert from "node:assert/strict";
import { test } from "node:test";

import { archiveActions } from "../../chat/web/static/js/actions/archive.js";
import { dataActions } from "../../chat/web/static/js/actions/data.js";
import { unreadActions } from "../../chat/web/static/js/actions/unread.js";
import { ApiError } from "../../chat/web/static/js/network/api.js";
import { blankConversation, NEW } from "../../chat/web/static/js/state/conversation.js";
import { initialState } from "../../chat/web/static/js/state/page.js";
import { Store } from "../../chat/web/static/js/state/store.js";

const item = (id) => ({ id, title: `Chat ${id}`, updatedAt: id, pinned: false, running: false });

/** A page with chats 1 and 2, of which 1 is open. `changed` records the requests; `refuse` is thrown by them. */
function page({ refuse = null, ...state } = {}) {
  const store = new Store({
    ...initialState(),
    openKey: 1,
    conversations: new Map([1, 2, NEW].map((key) => [key, blankConversation(key)])),
    history: { phase: "ready", items: [item(1), item(2)], nextCursor: null },
    ...state,
  });
  const changed = [];
  const toasts = [];
  let refreshed = 0;
  const actions = archiveActions({
    store,
    api: {
      async changeConversation(id, change) {
        changed.push([id, change.archived]);
        if (refuse) throw refuse;
      },
    },
    open: (openKey) => store.update({ openKey }),
    showToast: (toast) => toasts.push(toast),
    dismissToast: () => {},
    refreshHistory: async () => {
      refreshed += 1;
    },
  });
  const listed = () => store.state.history.items.map(({ id }) => id);
  return { store, actions, changed, toasts, listed, refreshed: () => refreshed };
}

test("an archived chat leaves the list and the window, and Undo brings it back", async () => {
  const { store, actions, changed, toasts, listed, refreshed } = page();
  await actions.archive(item(1));
  assert.deepEqual(listed(), [2]);
  assert.equal(store.state.openKey, NEW);
  assert.equal(store.state.conversations.get(1).archived, true);
  await toasts[0].action.run();
  assert.equal(store.state.openKey, 1);
  assert.equal(store.state.conversations.get(1).archived, false);
  assert.equal(refreshed(), 1);
  assert.deepEqual(changed, [
    [1, true],
    [1, false],
  ]);
});

test("a long title leaves the sentence to be read", async () => {
  const { actions, toasts } = page();
  await actions.archive({ ...item(2), title: `${"Donaudampf ".repeat(3)}schifffahrtsgesellschaft` });
  assert.equal(toasts[0].text, "Archived “Donaudampf Donaudampf Donaudampf schiff…”");
});

test("a chat that the server does not archive is not archived here, and the list is loaded again", async () => {
  const { store, actions, refreshed } = page({ refuse: new ApiError(503, "busy", "Busy.") });
  await actions.archive(item(2));
  assert.equal(store.state.conversations.get(2).archived, false);
  assert.ok(store.state.problem.text);
  assert.equal(refreshed(), 1);
});

test("an archived chat has no dot, although its answer ends later", async () => {
  const { store, actions } = page({ runningIds: new Set([2]), awaitedIds: new Set([1, 2]), unreadIds: new Set([1]) });
  const { watchEnds } = unreadActions({ store, isSeen: () => false, notify: () => assert.fail("nothing to read") });
  await actions.archiveAll([item(1), item(2)]);
  store.update({ runningIds: new Set() });
  watchEnds();
  assert.deepEqual([...store.state.unreadIds, ...store.state.awaitedIds], []);
});

test("when everything is deleted, the other windows are told", async () => {
  const { store } = page();
  const told = [];
  let left = 0;
  globalThis.localStorage = {};
  const { deleteData } = dataActions({
    store,
    api: { deleteData: async () => ({}) },
    leave() {
      left += 1;
    },
    notifyOthers: ({ conversation, gone }) => told.push([conversation, gone]),
  });
  assert.equal(await deleteData(), null);
  assert.deepEqual(told, [
    [1, true],
    [2, true],
  ]);
  assert.equal(left, 1);
});
