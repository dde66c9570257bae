import assert from "node:assert/strict";
import { test } from "node:test";
import { removalActions } from "../../chat/web/static/js/actions/removal.js";
import { ApiError } from "../../chat/web/static/js/network/api.js";
import { initialState } from "../../chat/web/static/js/state/page.js";

/** A page whose server gets the requests in `asked` and answers each when the test calls it. */
function page() {
  const store = {
    state: initialState(),
    update(change) {
      store.state = { ...store.state, ...(typeof change === "function" ? change(store.state) : change) };
    },
  };
  const asked = [];
  const api = {
    removeConversation: (id) =>
      new Promise((resolve, reject) => {
        asked.push({ id, resolve, reject });
      }),
  };
  const toasts = [];
  const told = [];
  const actions = removalActions({
    store,
    api,
    open: () => {},
    showToast: (toast) => toasts.push(toast),
    dismissToast: () => {},
    notifyOthers: ({ conversation, gone }) => told.push([conversation, gone]),
  });
  return { actions, asked, toasts, told };
}

const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve));
const chats = [1, 2, 3].map((id) => ({ id, title: `Chat ${id}` }));

test("chats are deleted one after the other once there is no undoing", async () => {
  const { actions, asked, toasts, told } = page();
  actions.removeAll(chats);
  assert.deepEqual(asked, []);
  toasts[0].onEnd();
  for (const { id } of chats) {
    assert.equal(asked.at(-1).id, id);
    asked.at(-1).resolve();
    await turnOfTheLoop();
  }
  assert.equal(asked.length, chats.length);
  assert.deepEqual(
    told,
    chats.map(({ id }) => [id, true]),
  );
});

test("leaving the page asks at once for all that was not asked for yet, and for each once", async () => {
  const { actions, asked, toasts } = page();
  actions.removeAll(chats);
  toasts[0].onEnd();
  actions.remove({ id: 4, title: "Chat 4" });
  actions.settleRemoval();
  actions.settleRemoval();
  assert.deepEqual(asked.map(({ id }) => id).toSorted(), [1, 2, 3, 4]);
});

test("leaving the page asks once more for what the server refused a moment ago", async () => {
  const { actions, asked, toasts } = page();
  actions.remove(chats[0]);
  toasts[0].onEnd();
  asked[0].reject(new ApiError(409, "turn_running", "An answer is being written."));
  await turnOfTheLoop();
  actions.settleRemoval();
  assert.deepEqual(
    asked.map(({ id }) => id),
    [1, 1],
  );
  asked[1].resolve();
});
