"""The agent's loop: it passes on the model's stream, runs the tools, and gives their results to the model."""

from __future__ import annotations

import json
import threading

import pytest

from chat.agent.loop import Agent, ToolCallEnded, ToolCallStarted
from chat.agent.toolbox import Toolbox
from chat.cancellation import Cancellation
from chat.errors import ModelInterrupted, ToolFailure
from chat.messages import Message, ReasoningDelta, TextDelta, ToolCall, ToolResult, Usage
from chat.tools.function_tool import FunctionTool

from ..store.scenarios import at_once
from .conftest import LONG_S, QUESTION, USER, ended, started


def look_up(what: str) -> ToolResult:
    """Looks something up."""
    return ToolResult(json.dumps({"found": what}), f"Found {what}", {"what": what})


def calls(*arguments: str, name: str = "look_up") -> list[ToolCall]:
    return [ToolCall(f"call_{number}", name, text) for number, text in enumerate(arguments)]


def read_by_model(model):
    """Return the messages after the question in the model's last request."""
    return model.seen[-1][len(QUESTION) :]


def answer_events(model, *tools):
    """Return the events of an answer, one by one, as the `answer` fixture does."""
    return Agent(model, Toolbox([FunctionTool(tool, "") for tool in tools])).answer(
        "m", QUESTION, USER, Cancellation(LONG_S)
    )


def test_an_answer_of_words_alone(model, answer):
    deltas = [ReasoningDelta("Hm."), TextDelta("It "), TextDelta("grows."), Usage(12, 3)]
    model.will(*deltas)
    assert answer(look_up) == deltas
    assert model.seen == [list(QUESTION)]
    assert model.offers == [["look_up"]]


def test_an_answer_of_nothing_at_all(model, answer):
    model.will()
    assert answer(look_up) == []
    assert len(model.seen) == 1


def test_a_tool_is_called_and_its_result_goes_back(model, answer):
    model.will(TextDelta("Let me see."), *calls('{"what": "China"}'), Usage(10, 5))
    model.will(TextDelta("It grows."), Usage(20, 2))
    events = answer(look_up)
    assert [type(event) for event in events] == [TextDelta, Usage, ToolCallStarted, ToolCallEnded, TextDelta, Usage]
    (record,) = ended(events)
    assert record.result == ToolResult('{"found": "China"}', "Found China", {"what": "China"})
    assert (record.step, record.text_offset) == (0, len("Let me see."))
    assert started(events)[0].result is None
    assert read_by_model(model) == [
        Message("assistant", "Let me see.", (record.call,), model="a-model"),
        Message("tool", '{"found": "China"}', tool_call_id=record.call.id),
    ]


def test_two_tools_run_side_by_side(model, answer):
    """Run two calls that wait for each other: one after the other, neither would end."""
    meeting = threading.Barrier(2, timeout=LONG_S)

    def meet(who: str) -> ToolResult:
        """Meets the other."""
        meeting.wait()
        return ToolResult(who, "Met")

    model.will(*calls('{"who": "a"}', '{"who": "b"}', name="meet"))
    assert [record.result.content for record in ended(answer(meet))] == ["a", "b"]


def test_results_go_back_in_the_order_of_the_calls_whichever_ends_first(model, answer):
    second_ended = threading.Event()

    def wait_or_go(go: bool) -> ToolResult:
        """Waits until the other has gone."""
        if not go:
            assert second_ended.wait(LONG_S)
        return ToolResult(str(go), "Gone")

    model.will(*calls('{"go": false}', '{"go": true}', name="wait_or_go"))
    model.will(TextDelta("Both."))
    events = []
    for event in answer_events(model, wait_or_go):
        events.append(event)
        if isinstance(event, ToolCallEnded):
            second_ended.set()
    assert [event.position for event in events if isinstance(event, ToolCallEnded)] == [1, 0]
    assert [message.text for message in read_by_model(model)[1:]] == ["False", "True"]


def broken(what: str) -> ToolResult:
    """Raise an error that no code expects."""
    raise RuntimeError("the password is hunter2")


def declining(what: str) -> ToolResult:
    """Raises a failure of its own."""
    raise ToolFailure(f"There is no country called {what}.")


def returning_nothing(what: str) -> ToolResult:
    """Forgets its result."""
    return None


FAILURES = [
    ("broken", '{"what": "x"}', "error in the tool"),
    ("declining", '{"what": "Atlantis"}', "no country called Atlantis"),
    ("returning_nothing", '{"what": "x"}', "error in the tool"),
    ("unheard_of", "{}", "no tool called unheard_of; there are look_up"),
    ("look_up", '{"what": ', "invalid"),
    ("look_up", "[]", "invalid"),
    ("look_up", '{"what": 5}', "Expected `str`, got `int`"),
    ("look_up", '{"what": "x", "where": "y"}', "`where`"),
    ("look_up", "", "`what`"),
    ("look_up", '{"what": "' + "x" * 30_000 + '"}', "too long"),
    ("look_up", "[" * 15_000, "invalid"),
    ("look_up", '{"what": "\\ud800"}', "invalid"),
]


@pytest.mark.parametrize(("name", "arguments", "reason"), FAILURES, ids=lambda value: str(value)[:20])
def test_what_goes_wrong_with_a_call_is_a_result_that_the_model_reads(model, answer, name, arguments, reason):
    model.will(*calls(arguments, name=name), *calls('{"what": "China"}'))
    model.will(TextDelta("I could not."))
    events = answer(look_up, broken, declining, returning_nothing)
    failed, good = ended(events)
    assert (failed.result.ok, good.result.ok) == (False, True)
    assert reason in failed.result.summary
    assert reason in json.loads(failed.result.content)["error"]
    assert "hunter2" not in failed.result.content + failed.result.summary
    assert read_by_model(model)[1] == Message("tool", failed.result.content, tool_call_id=failed.call.id)
    assert events[-1] == TextDelta("I could not.")


def test_several_steps_are_one_answer(model, answer):
    """Some endpoints number each step's calls from 0: within the answer every call has an id of its own."""
    model.will(TextDelta("One. "), *calls('{"what": "a"}', '{"what": "b"}'))
    model.will(*calls('{"what": "c"}'))
    model.will(TextDelta("Two. "), *calls('{"what": "d"}'))
    model.will(TextDelta("Three."))
    records = ended(answer(look_up))
    assert [record.result.data["what"] for record in records] == ["a", "b", "c", "d"]
    assert [(record.step, record.text_offset) for record in records] == [(0, 5), (0, 5), (1, 5), (2, 10)]
    assert len({record.call.id for record in records}) == 4
    roles = [message.role for message in read_by_model(model)]
    assert roles == ["assistant", "tool", "tool", "assistant", "tool", "assistant", "tool"]
    call_ids = [call.id for message in read_by_model(model) for call in message.tool_calls]
    assert call_ids == [message.tool_call_id for message in read_by_model(model) if message.role == "tool"]


def test_what_was_said_before_the_model_failed_stands(model):
    def script(_messages, _cancellation):
        yield TextDelta("Half")
        raise ModelInterrupted("The stream ended.")

    model.will_run(script)
    stream = answer_events(model, look_up)
    assert next(stream) == TextDelta("Half")
    with pytest.raises(ModelInterrupted):
        next(stream)


def test_the_same_agent_answers_many_at_once(model):
    """Check that no answer has a part of another: each asks for what its own question says."""

    class EchoingModel:
        def stream(self, _model, messages, _tools, _cancellation, _may_call):
            if messages[-1].role == "user":
                yield ToolCall("call_0", "look_up", json.dumps({"what": messages[-1].text}))
            else:
                yield TextDelta(messages[-1].text)

        def warm_up(self):
            pass

    agent = Agent(EchoingModel(), Toolbox([FunctionTool(look_up, "")]))

    def one(number):
        events = list(agent.answer("m", [Message("user", f"q{number}")], USER, Cancellation(LONG_S)))
        return events[-1].text

    assert at_once(20, one) == [f'{{"found": "q{number}"}}' for number in range(20)]
