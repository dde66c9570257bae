import assert from "node:assert/strict";
import { test } from "node:test";

import { printingActions } from "../../chat/web/static/js/actions/printing.js";
import { blankConversation } from "../../chat/web/static/js/state/conversation.js";
import { Store } from "../../chat/web/static/js/state/store.js";

/** A chat with the messages from `first` on; `fetch(first)` returns the first one after a load. */
function chat(first, fetch) {
  const conversation = (from, older = null) => ({
    ...blankConversation(7, "ready"),
    headId: 9,
    older,
    messages: new Map(
      Array.from({ length: 10 - from }, (_, index) => from + index).map((id) => [
        id,
        { id, key: id, role: id % 2 ? "user" : "assistant", parentId: id === 1 ? null : id - 1, parts: [] },
      ]),
    ),
  });
  const done = [];
  let shown = first;
  const store = new Store({ openKey: 7, conversations: new Map([[7, conversation(first)]]) });
  const show = (from, older = null) => {
    shown = from;
    store.update({ conversations: new Map([[7, conversation(from, older)]]) });
  };
  const actions = printingActions({
    store,
    async loadOlder() {
      done.push(`load before ${shown}`);
      show(fetch(shown));
    },
    drawn: async () => done.push("drawn"),
    print: () => done.push("print"),
  });
  return { actions, done, show };
}

test("older messages are loaded, then drawn, then printed", async () => {
  const { actions, done } = chat(7, (first) => first - 3);
  assert.equal(actions.isPartShown(), true);
  await actions.printChat();
  assert.deepEqual(done, ["load before 7", "load before 4", "drawn", "print"]);
  assert.equal(actions.isPartShown(), false);
});

test("a failed load does not prevent printing the rest", async () => {
  const { actions, done } = chat(7, (first) => first);
  await actions.printChat();
  assert.deepEqual(done, ["load before 7", "drawn", "print"]);
});

test("printing waits for a page that is already loading", async () => {
  const { actions, done, show } = chat(7, () => 1);
  show(7, "loading");
  const printed = actions.printChat();
  show(4);
  await printed;
  assert.deepEqual(done, ["load before 4", "drawn", "print"]);
});
