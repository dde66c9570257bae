import assert from "node:assert/strict";
import { test } from "node:test";

import { blankConversation, NEW, withMessages } from "../../chat/web/static/js/state/conversation.js";
import { localMessage } from "../../chat/web/static/js/state/message.js";
import { modelChosen, modelOf, modelUsed } from "../../chat/web/static/js/state/model.js";
import { initialState } from "../../chat/web/static/js/state/page.js";

function page({ offered = ["first", "second"], preferred = null, answered = [] } = {}) {
  let conversation = blankConversation(7);
  let parent = null;
  for (const [index, model] of answered.entries()) {
    const answer = { ...localMessage(index, "assistant", parent), status: "completed", model };
    parent = index;
    conversation = withMessages(conversation, answer);
  }
  const state = initialState();
  return {
    ...state,
    me: { models: offered, default_model: offered[0] },
    preferences: { ...state.preferences, model: preferred },
    conversations: new Map(state.conversations).set(7, conversation),
  };
}

test("a chat keeps its last model, and a new one uses the last selection", () => {
  const state = page({ preferred: "second", answered: ["second", "first"] });
  assert.deepEqual(modelOf(state, 7), { model: "first", withdrawn: null });
  assert.deepEqual(modelOf(state, NEW), { model: "second", withdrawn: null });
  assert.deepEqual(modelOf(page(), NEW), { model: "first", withdrawn: null });
});

test("a selected model counts until it is used", () => {
  const state = page({ answered: ["first"] });
  const chosen = { ...state, ...modelChosen(state, 7, "second") };
  assert.equal(modelOf(chosen, 7).model, "second");
  assert.equal(modelOf({ ...chosen, ...modelUsed(chosen, 7) }, 7).model, "first");
  assert.deepEqual(modelChosen(state, NEW, "second"), {});
});

test("a withdrawn model is replaced by the default, and is named", () => {
  const state = page({ offered: ["new"], preferred: "old", answered: ["old"] });
  assert.deepEqual(modelOf(state, 7), { model: "new", withdrawn: "old" });
  assert.deepEqual(modelOf(state, NEW), { model: "new", withdrawn: null });
});

test("no model is named before the server's list is known", () => {
  assert.deepEqual(modelOf({ ...page(), me: null }, 7), { model: null, withdrawn: null });
});
