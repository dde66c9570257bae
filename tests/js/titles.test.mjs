import assert from "node:assert/strict";
import { test } from "node:test";
import { ASK_AT_MS, titleActions } from "../../chat/web/static/js/actions/titles.js";
import { blankConversation } from "../../chat/web/static/js/state/conversation.js";
import { initialState } from "../../chat/web/static/js/state/page.js";

function pageWith(answers, { titles = true } = {}) {
  const conversations = new Map([[7, { ...blankConversation(7), title: "Show me China" }]]);
  const items = [{ id: 7, title: "Show me China", updatedAt: 1, pinned: false, running: false }];
  const store = {
    state: { ...initialState(), me: { features: { titles } }, conversations, history: { items } },
    update(change) {
      store.state = { ...store.state, ...(typeof change === "function" ? change(store.state) : change) };
    },
  };
  const waited = [];
  const api = {
    async conversation() {
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return { title: answer };
    },
  };
  const rename = (title) => conversations.set(7, { ...conversations.get(7), title });
  const during = { pause: null };
  const pause = async (milliseconds) => {
    waited.push(milliseconds);
    during.pause?.();
  };
  const { awaitTitle } = titleActions({ store, api, pause });
  const shown = () => [store.state.conversations.get(7)?.title, store.state.history.items[0].title];
  return { awaitTitle, shown, waited, rename, during };
}

test("the page asks until there is another title, and shows it everywhere", async () => {
  const { awaitTitle, shown, waited } = pageWith(["Show me China", "China’s markets"]);
  await awaitTitle(7);
  assert.deepEqual(shown(), ["China’s markets", "China’s markets"]);
  assert.deepEqual(waited, [ASK_AT_MS[0], ASK_AT_MS[1] - ASK_AT_MS[0]]);
});

test("it gives up after a while", async () => {
  const { awaitTitle, shown, waited } = pageWith(Array(9).fill("Show me China"));
  await awaitTitle(7);
  assert.equal(waited.length, ASK_AT_MS.length);
  assert.deepEqual(shown(), ["Show me China", "Show me China"]);
});

test("a name given meanwhile stays", async () => {
  const { awaitTitle, shown, rename, during } = pageWith(["China’s markets"]);
  during.pause = () => rename("Mine");
  await awaitTitle(7);
  assert.equal(shown()[0], "Mine");
});

test("polling continues without a connection, and ends if the chat is gone", async () => {
  const gone = Object.assign(new Error("gone"), { status: 404 });
  const { awaitTitle, shown, waited } = pageWith([new Error("away"), gone, "too late"]);
  await awaitTitle(7);
  assert.equal(waited.length, 2);
  assert.equal(shown()[0], "Show me China");
});

test("without titles by a model, the page does not poll", async () => {
  const { awaitTitle, waited } = pageWith(["China’s markets"], { titles: false });
  await awaitTitle(7);
  assert.deepEqual(waited, []);
});
