import assert from "node:assert/strict";
import { test } from "node:test";

import {
  beforeFirst,
  blankConversation,
  NEW,
  pathOf,
  runningMessage,
  siblingsOf,
  storedConversation,
  withMessage,
  withMessages,
  withoutMessages,
  withPage,
} from "../../chat/web/static/js/state/conversation.js";
import { localMessage } from "../../chat/web/static/js/state/message.js";
import { conversationChanged, initialState, newChatBegun, newChatNamed } from "../../chat/web/static/js/state/page.js";

const message = (id, parent_id, role, more = {}) => ({
  id,
  parent_id,
  role,
  text: `text ${id}`,
  status: "completed",
  ...more,
});
const BRANCHED = {
  id: 5,
  title: "Branches",
  head_id: 4,
  messages: [message(1, null, "user"), message(2, 1, "assistant"), message(3, 1, "assistant"), message(4, 3, "user")],
};
const ids = (conversation) => pathOf(conversation).map((each) => each.id);

test("the path that ends at the head is shown, not the other branches", () => {
  assert.deepEqual(ids(storedConversation(BRANCHED)), [1, 3, 4]);
  assert.deepEqual(ids(storedConversation({ ...BRANCHED, head_id: 2 })), [1, 2]);
  assert.deepEqual(ids(storedConversation({ ...BRANCHED, head_id: null })), []);
});

test("a cycle of parents ends", () => {
  const circle = { ...BRANCHED, messages: [message(1, 2, "user"), message(2, 1, "assistant")], head_id: 2 };
  assert.equal(pathOf(storedConversation(circle)).length, 2);
});

test("local messages take the server's ids and keep their keys, and what follows them its place", () => {
  const asked = localMessage("local-1", "user", 4, "more");
  const answer = localMessage("local-2", "assistant", "local-1");
  let conversation = withMessages(storedConversation(BRANCHED), asked, answer);
  conversation = withMessage(conversation, "local-1", { ...asked, id: 6 });
  conversation = withMessage(conversation, "local-2", { ...conversation.messages.get("local-2"), id: 7 });
  assert.deepEqual(ids(conversation), [1, 3, 4, 6, 7]);
  assert.deepEqual(
    pathOf(conversation)
      .slice(-2)
      .map((each) => each.key),
    ["local-1", "local-2"],
  );
});

test("a message that could not be sent leaves no trace", () => {
  const before = storedConversation(BRANCHED);
  const asked = localMessage("local-1", "user", 4, "more");
  const during = withMessages(before, asked, localMessage("local-2", "assistant", "local-1"));
  assert.deepEqual(withoutMessages(during, ["local-1", "local-2"], before.headId), before);
});

test("reading a conversation again keeps the keys of messages that are shown", () => {
  const shown = withMessage(storedConversation(BRANCHED), 4, {
    ...storedConversation(BRANCHED).messages.get(4),
    key: "local-9",
  });
  assert.equal(storedConversation(BRANCHED, shown).messages.get(4).key, "local-9");
});

test("only an answer at the head that is being written is running", () => {
  assert.equal(runningMessage(storedConversation(BRANCHED)), null);
  const running = {
    ...BRANCHED,
    messages: [message(1, null, "user"), message(2, 1, "assistant", { status: "running" })],
  };
  assert.equal(runningMessage(storedConversation({ ...running, head_id: 2 })).id, 2);
});

test("the new chat gets its id with all that was typed, and another new one is ready", () => {
  const blank = initialState();
  let state = { ...blank, ...newChatBegun(blank, "local-2") };
  assert.deepEqual(state.conversations.get(NEW), blankConversation(NEW));
  state = {
    ...state,
    ...conversationChanged(state, "local-2", (each) => withMessages(each, localMessage("local-1", "user", null, "x"))),
  };
  state = { ...state, drafts: new Map([["local-2", "typed meanwhile"]]) };
  const named = newChatNamed(state, "local-2", 9, "x");
  assert.equal(named.openKey, 9);
  assert.deepEqual(ids(named.conversations.get(9)), ["local-1"]);
  assert.deepEqual([...named.conversations.keys()], [NEW, 9]);
  assert.deepEqual([...named.drafts], [[9, "typed meanwhile"]]);
  assert.equal(newChatNamed({ ...state, openKey: 3 }, "local-2", 9, "x").openKey, 3);
});

test("a page shows its branch, says that there is more, and the page before it goes before it", () => {
  const newest = { id: 5, head_id: 4, leaf_id: 4, messages: [message(3, 2, "user"), message(4, 3, "assistant")] };
  let conversation = storedConversation(newest);
  assert.deepEqual(ids(conversation), [3, 4]);
  assert.equal(beforeFirst(pathOf(conversation)), 3);
  const older = { messages: [message(1, null, "user"), message(2, 1, "assistant")] };
  conversation = withPage({ ...conversation, older: "loading" }, older);
  assert.deepEqual(ids(conversation), [1, 2, 3, 4]);
  assert.equal(beforeFirst(pathOf(conversation)), null);
  assert.equal(conversation.older, null);
  // After another load, earlier pages stay, and unchanged messages are the same objects.
  const again = storedConversation(newest, conversation);
  assert.deepEqual(ids(again), [1, 2, 3, 4]);
  assert.equal(again.messages.get(4), conversation.messages.get(4));
});

test("versions of a message are those the server names and those made here, in the order they were made", () => {
  const stored = storedConversation({
    id: 5,
    head_id: 7,
    messages: [message(1, null, "user", { siblings: [1] }), message(7, 1, "assistant", { siblings: [2, 7] })],
  });
  const shown = (conversation, id) => siblingsOf(conversation, conversation.messages.get(id));
  assert.deepEqual(shown(stored, 7), [2, 7]);
  assert.deepEqual(shown(stored, 1), [1]);
  const more = withMessages(stored, localMessage("local-1", "assistant", 1));
  assert.deepEqual(shown(more, "local-1"), [2, 7, "local-1"]);
  assert.deepEqual(shown(more, 7), [2, 7, "local-1"]);
  const named = withMessage(more, "local-1", { ...more.messages.get("local-1"), id: 9 });
  assert.deepEqual(shown(named, 7), [2, 7, 9]);
});

test("a branch other than the server's is marked as a side branch", () => {
  const json = { id: 5, head_id: 9, leaf_id: 4, messages: [message(4, null, "assistant")] };
  assert.equal(storedConversation(json).onSideBranch, true);
  assert.equal(storedConversation({ ...json, leaf_id: 9 }).onSideBranch, false);
  assert.equal(storedConversation({ ...json, leaf_id: undefined, head_id: 4 }).onSideBranch, false);
});
