import assert from "node:assert/strict";
import { test } from "node:test";

import {
  applyEvent,
  canRetry,
  localMessage,
  storedMessage,
  unitsBefore,
} from "../../chat/web/static/js/state/message.js";

const told = (...events) =>
  events.reduce((message, [name, data]) => applyEvent(message, name, data), localMessage("local-1", "assistant", 1));
const TURN = ["turn", { turn_id: 7, message_id: 12, model: "demo" }];
const CALL = { id: "c1", name: "market_data", arguments: '{"country": "China"}', label: "Looking up China" };
const RESULT = { ok: true, summary: "9 indicators", data: { title: "China" }, duration_ms: 5 };

test("text and tool calls stand in the order they came", () => {
  const message = told(
    TURN,
    ["delta", { text: "Let me " }],
    ["delta", { text: "look." }],
    ["tool_call", CALL],
    ["tool_result", { id: "c1", name: "market_data", ...RESULT }],
    ["delta", { text: "Done." }],
    ["done", { status: "completed", usage: null, duration_ms: 9 }],
  );
  assert.deepEqual(
    message.parts.map((part) => part.text ?? part.call.result.summary),
    ["Let me look.", "9 indicators", "Done."],
  );
  assert.deepEqual([message.id, message.key, message.status, message.durationMs], [12, "local-1", "completed", 9]);
});

test("a running call shows its last line of progress, and an ended one changes no more", () => {
  const message = told(
    TURN,
    ["tool_call", CALL],
    ["tool_progress", { id: "c1", text: "Page 1" }],
    ["tool_progress", { id: "c1", text: "Page 2" }],
    ["tool_progress", { id: "none", text: "Page 9" }],
    ["tool_result", { id: "c1", ...RESULT }],
    ["tool_progress", { id: "c1", text: "Page 3" }],
  );
  assert.equal(message.parts.length, 1);
  assert.equal(message.parts[0].call.progress, "Page 2");
  assert.equal(message.parts[0].call.result.ok, true);
});

test("a stored answer equals the streamed one", () => {
  const text = "😀 Let me look. Done 😀.";
  const streamed = told(
    TURN,
    ["delta", { text: "😀 Let me look. " }],
    ["tool_call", CALL],
    ["tool_call", { ...CALL, id: "c2" }],
    ["tool_result", { id: "c2", ...RESULT }],
    ["tool_result", { id: "c1", ...RESULT }],
    ["delta", { text: "Done 😀." }],
    ["done", { status: "completed", usage: null, duration_ms: 9 }],
  );
  const stored = storedMessage({
    id: 12,
    parent_id: 1,
    role: "assistant",
    text,
    status: "completed",
    model: "demo",
    turn_id: 7,
    duration_ms: 9,
    tool_calls: [
      { ...CALL, text_offset: [..."😀 Let me look. "].length, result: RESULT },
      { ...CALL, id: "c2", text_offset: [..."😀 Let me look. "].length, result: RESULT },
    ],
  });
  assert.deepEqual({ ...stored, key: null }, { ...streamed, key: null });
});

test("offsets count characters, not UTF-16 units", () => {
  assert.equal(unitsBefore("a😀b", 2), 3);
  assert.equal(unitsBefore("a😀b", 99), 4);
  assert.equal(unitsBefore("a😀b", 0), 0);
});

test("a turn that is followed again from its first event starts anew", () => {
  const message = told(TURN, ["delta", { text: "half" }], TURN, ["delta", { text: "whole" }]);
  assert.deepEqual(message.parts, [{ kind: "text", text: "whole" }]);
});

test("results of unknown calls, and events of a later version, change nothing", () => {
  const message = told(TURN, ["delta", { text: "x" }]);
  assert.deepEqual(applyEvent(message, "tool_result", { id: "none", ...RESULT }).parts, message.parts);
  assert.equal(applyEvent(message, "weather", { text: "y" }), message);
});

test("reasoning is separate from the answer", () => {
  const { parts } = told(TURN, ["reasoning", { text: "hm" }], ["reasoning", { text: "m" }], ["delta", { text: "x" }]);
  assert.deepEqual(parts, [
    { kind: "reasoning", text: "hmm" },
    { kind: "text", text: "x" },
  ]);
});

test("Retry is offered for failed answers that may succeed", () => {
  const ended = (status, error) => told(TURN, ...(error ? [["error", error]] : []), ["done", { status }]);
  assert.equal(canRetry(ended("failed", { code: "x", message: "y", retryable: true })), true);
  assert.equal(canRetry(ended("failed", { code: "x", message: "y", retryable: false })), false);
  assert.equal(canRetry(ended("interrupted")), true);
  assert.equal(canRetry(ended("completed")), false);
  assert.equal(canRetry(told(TURN)), false);
});

test("notices and an endpoint's reason survive a reload", () => {
  const error = { code: "model_rejected", message: "No", retryable: false, reason: "too many", retry_after: 30 };
  const done = { status: "failed", usage: null, duration_ms: 9, notices: ["without_tools", 5] };
  const streamed = told(TURN, ["error", error], ["done", done]);
  const stored = storedMessage({ id: 12, role: "assistant", text: "", status: "failed", error, notices: done.notices });
  for (const message of [streamed, stored]) {
    assert.deepEqual(message.notices, ["without_tools"]);
    assert.deepEqual([message.error.reason, message.error.retryAfter], ["too many", 30]);
  }
  assert.deepEqual(told(TURN, ["done", { status: "completed" }]).notices, []);
});
