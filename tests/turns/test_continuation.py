"""Continued answers, and regenerated answers with a style."""

from __future__ import annotations

import json

from chat.errors import ModelInterrupted
from chat.messages import ReasoningDelta, TextDelta, ToolCall, ToolResult
from chat.store.records import COMPLETED, FAILED
from chat.tools.function_tool import FunctionTool

from .worker import names, received, text_of


def look_up(what: str) -> ToolResult:
    """Look something up."""
    return ToolResult(json.dumps({"found": what}), f"Found {what}", {"what": what})


TOOLS = [FunctionTool(look_up, "Looking up {what}")]


def call(what):
    return ToolCall("call_0", "look_up", json.dumps({"what": what}))


def cut(*deltas):
    def script(_messages, _cancellation):
        yield from deltas
        raise ModelInterrupted("The connection was lost.")

    return script


def answer_of(store, started):
    return next(
        m for m in store.history.of_conversation(started.turn.conversation_id) if m.id == started.turn.message_id
    )


def test_a_cut_answer_goes_on_with_all_that_there_was(make_worker, model, store, conversation):
    worker = make_worker(tools=TOOLS)
    model.will(ReasoningDelta("Hm."), TextDelta("First: "), call("China"))
    model.will_run(cut(TextDelta("China grew by 3"), TextDelta(".")))
    started = worker.ask(conversation, "China and India?")
    received(worker.follower.frames(started.turn, 0))
    before = answer_of(store, started)
    assert (before.turn.status, before.text) == (FAILED, "First: China grew by 3.")

    model.will(TextDelta("5 percent. "), call("India"))
    model.will(TextDelta("India by 7."))
    again = worker.runner.resume(before, "a-model")
    events = received(worker.follower.frames(again.turn, 0))
    whole = "First: China grew by 3.5 percent. India by 7."
    assert text_of(events) == whole
    assert [name for name in names(events) if name.startswith("tool")] == ["tool_call", "tool_result"] * 2

    after = answer_of(store, again)
    assert (after.turn.status, after.text, after.reasoning) == (COMPLETED, whole, "Hm.")
    assert [(r.label, r.step, r.text_offset) for r in after.tool_calls] == [
        ("Looking up China", 0, len("First: ")),
        ("Looking up India", 1, len("First: China grew by 3.5 percent. ")),
    ]
    assert len({record.call.id for record in after.tool_calls}) == 2
    # The previous version still exists beside it.
    assert answer_of(store, started).text == "First: China grew by 3."
    assert after.parent_id == before.parent_id


def test_a_replay_from_the_database_is_identical(make_worker, model, store, conversation):
    worker = make_worker(tools=TOOLS)
    model.will(TextDelta("Look: "), call("China"))
    model.will_run(cut(TextDelta("half")))
    started = worker.ask(conversation, "China?")
    received(worker.follower.frames(started.turn, 0))
    model.will(TextDelta(" and half"))
    again = worker.runner.resume(answer_of(store, started), "a-model")
    live = [(event.number, event.name, event.data) for event in received(worker.follower.frames(again.turn, 0))]
    worker.admission.wait_until_empty(10)
    replayed = [(event.number, event.name, event.data) for event in received(worker.follower.frames(again.turn, 0))]
    assert replayed == live


def test_messages_of_a_continuation(make_worker, model, store, conversation):
    worker = make_worker(tools=TOOLS)
    model.will(call("China"))
    model.will_run(cut(TextDelta("China grew")))
    started = worker.ask(conversation, "China?")
    received(worker.follower.frames(started.turn, 0))
    model.will(TextDelta(" by 3."))
    again = worker.runner.resume(answer_of(store, started), "a-model")
    received(worker.follower.frames(again.turn, 0))
    messages = model.seen[-1][1:]
    assert [message.role for message in messages] == ["user", "assistant", "tool", "assistant", "user"]
    assert messages[3].text == "China grew"

    # The request to continue is not a message of the conversation: the next turn does not see it.
    worker.admission.wait_until_empty(10)
    next_one = worker.ask(conversation, "And India?")
    received(worker.follower.frames(next_one.turn, 0))
    dialogue = [(message.role, message.text) for message in model.seen[-1][1:]]
    assert [role for role, _ in dialogue] == ["user", "assistant", "tool", "assistant", "user"]
    assert dialogue[3][1] == "China grew by 3."
    assert dialogue[4][1] == "And India?"


def test_a_style_applies_to_one_answer_only(make_worker, model, store, conversation):
    worker = make_worker()
    model.will(TextDelta("word " * 200))
    started = worker.ask(conversation, "China?")
    received(worker.follower.frames(started.turn, 0))
    plain = model.seen[-1][0].text
    received(worker.follower.frames(worker.runner.regenerate(answer_of(store, started), "a-model", "shorter").turn, 0))
    shorter = model.seen[-1]
    assert shorter[0].text.startswith(plain)
    assert "at most 100 words" in shorter[0].text
    assert [message.text for message in shorter[1:]] == ["China?"]
    worker.admission.wait_until_empty(10)
    received(worker.follower.frames(worker.ask(conversation, "India?").turn, 0))
    assert model.seen[-1][0].text == plain
