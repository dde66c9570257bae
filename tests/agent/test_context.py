"""The model's context: an answer as messages, and the part of a conversation that fits."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from chat.agent.context import answer_messages, fit
from chat.agent.loop import Agent, ToolCallEnded, ToolCallStarted
from chat.agent.toolbox import Toolbox
from chat.cancellation import Cancellation
from chat.messages import Answer, Message, TextDelta, ToolCall, ToolCallRecord, ToolResult
from chat.tools.function_tool import FunctionTool

from ..conftest import ScriptedModel
from .conftest import LONG_S, QUESTION, USER


def record(number, step, offset, content=None):
    result = None if content is None else ToolResult(content, "")
    return ToolCallRecord(ToolCall(f"c.{number}", "look_up", "{}"), "", step, offset, result)


class TestAnswers:
    def test_words_alone(self):
        assert answer_messages(Answer("It grows.", "Thought"), "m") == [Message("assistant", "It grows.")]

    def test_nothing_at_all(self):
        assert answer_messages(Answer(), "m") == []

    def test_each_step_has_its_words_its_calls_and_their_results(self):
        calls = (record(0, 0, 4, "a"), record(1, 0, 4, "b"), record(2, 1, 4, "c"), record(3, 2, 8, "d"))
        assert answer_messages(Answer("One.Two.Three.", tool_calls=calls), "m") == [
            Message("assistant", "One.", (calls[0].call, calls[1].call), model="m"),
            Message("tool", "a", tool_call_id="c.0"),
            Message("tool", "b", tool_call_id="c.1"),
            Message("assistant", "", (calls[2].call,), model="m"),
            Message("tool", "c", tool_call_id="c.2"),
            Message("assistant", "Two.", (calls[3].call,), model="m"),
            Message("tool", "d", tool_call_id="c.3"),
            Message("assistant", "Three."),
        ]

    def test_a_call_that_was_cut_off_has_an_answer_all_the_same(self):
        _, result = answer_messages(Answer("", tool_calls=(record(0, 0, 0),)), "m")
        assert (result.role, result.tool_call_id) == ("tool", "c.0")
        assert "interrupted" in json.loads(result.text)["error"]


def echo(text: str) -> ToolResult:
    """Says it again."""
    return ToolResult(text, "Said")


STEP = st.tuples(st.lists(st.text(min_size=1, max_size=5), max_size=2), st.lists(st.text(max_size=5), max_size=3))


@settings(max_examples=60)
@given(st.lists(STEP, max_size=5))
def test_an_answer_read_back_is_what_the_model_itself_had_read(steps):
    """A context that is rebuilt from the database equals the context that was kept in memory."""
    model = ScriptedModel()
    for words, texts in steps:
        calls = [ToolCall("c", "echo", json.dumps({"text": text}, ensure_ascii=False)) for text in texts]
        model.will(*map(TextDelta, words), *calls)
    model.will(TextDelta("End."))
    text, records = "", {}
    for event in Agent(model, Toolbox([FunctionTool(echo, "")])).answer("m", QUESTION, USER, Cancellation(LONG_S)):
        if isinstance(event, TextDelta):
            text += event.text
        elif isinstance(event, (ToolCallStarted, ToolCallEnded)):
            records[event.position] = event.record
    final = "".join(delta.text for delta in model_said_last(steps))
    last = [Message("assistant", final)] if final else []
    assert (
        answer_messages(Answer(text, tool_calls=tuple(records.values())), "m") == model.seen[-1][len(QUESTION) :] + last
    )


def model_said_last(steps):
    """Return the text of the answer's last step, which is the first step without calls."""
    for words, texts in steps:
        if not texts:
            return [TextDelta(word) for word in words]
    return [TextDelta("End.")]


CALLS = st.lists(st.builds(ToolCall, st.just("c"), st.just("t"), st.text(max_size=20)), max_size=2).map(tuple)
TURN = st.tuples(
    st.text(max_size=30),
    st.lists(st.builds(Message, st.sampled_from(["assistant", "tool"]), st.text(max_size=30), CALLS), max_size=4),
).map(lambda turn: [Message("user", turn[0]), *turn[1]])


def weight(messages):
    return sum(len(message.text) + sum(len(call.arguments) for call in message.tool_calls) for message in messages)


@settings(max_examples=200)
@given(st.lists(TURN, min_size=1, max_size=8), st.integers(0, 300))
def test_what_fits_is_the_newest_whole_turns_and_as_many_as_can_be(turns, limit):
    messages = [message for turn in turns for message in turn]
    fitting = [turns[-count:] for count in range(1, len(turns) + 1)]
    flat = [[message for turn in newest for message in turn] for newest in fitting]
    expected = [newest for newest in flat if weight(newest) <= limit] or [flat[0]]
    assert fit(messages, limit) == expected[-1]


def test_the_last_question_is_always_there():
    long = [Message("user", "x" * 5_000)]
    assert fit([Message("user", "before"), Message("assistant", "a"), *long], 1_000) == long


def test_without_a_question_there_is_nothing_to_cut_at():
    assert fit([], 10) == []
    assert fit([Message("assistant", "x" * 20)], 10) == [Message("assistant", "x" * 20)]
