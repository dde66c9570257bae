"""Limits of an answer: steps, calls, time, cancellation."""

from __future__ import annotations

import threading
import time

import pytest

from chat.agent.loop import MAX_CALLS, MAX_STEPS, Agent, ToolCallEnded
from chat.agent.toolbox import Toolbox
from chat.cancellation import Cancellation
from chat.errors import ModelAnswerTooLong, ModelNoAnswer, TurnEnded
from chat.messages import Message, ReasoningDelta, TextDelta, ToolCall, ToolResult
from chat.tools.function_tool import FunctionTool

from ..fake_clock import FakeClock
from .conftest import LONG_S, QUESTION, USER, ended, started


def look_up(what: str = "") -> ToolResult:
    """Looks something up."""
    return ToolResult(what, "Found")


def call(name="look_up", number=0):
    return ToolCall(f"call_{number}", name, "{}")


class TestSteps:
    def test_at_its_last_step_a_model_is_told_to_answer_without_tools(self, model, answer):
        """Check a model that calls a tool at each step: at the last one it must answer."""
        for _ in range(MAX_STEPS - 1):
            model.will(call())
        model.will(TextDelta("At last."))
        events = answer(look_up)
        assert model.offers == [["look_up"]] * MAX_STEPS
        assert model.could_call == [True] * (MAX_STEPS - 1) + [False]
        assert events[-1] == TextDelta("At last.")
        assert len(ended(events)) == MAX_STEPS - 1

    def test_a_model_that_calls_all_the_same_is_ended(self, model, answer):
        for number in range(MAX_STEPS + 5):
            model.will(TextDelta(f"{number} "), call())
        with pytest.raises(ModelNoAnswer):
            answer(look_up)
        assert len(model.seen) == MAX_STEPS


class TestLength:
    @pytest.mark.parametrize("kind", [TextDelta, ReasoningDelta])
    def test_an_answer_that_is_too_long_is_ended_and_what_fits_stays(self, model, kind):
        model.will(kind("x" * 600), kind("y" * 600))
        events = []
        with pytest.raises(ModelAnswerTooLong, match="1000"):
            for event in Agent(model, Toolbox([]), 1000).answer("m", QUESTION, USER, Cancellation(LONG_S)):
                events.append(event)  # noqa: PERF402 - what came before the error counts
        assert "".join(event.text for event in events) == "x" * 600 + "y" * 400

    def test_the_steps_of_an_answer_count_together(self, model):
        model.will(TextDelta("x" * 600), call())
        model.will(TextDelta("y" * 600))
        with pytest.raises(ModelAnswerTooLong):
            list(
                Agent(model, Toolbox([FunctionTool(look_up, "")]), 1000).answer(
                    "m", QUESTION, USER, Cancellation(LONG_S)
                )
            )


class TestCalls:
    def test_too_many_at_once_are_refused_as_results(self, model, answer):
        numbers = []

        def note(number: int) -> ToolResult:
            """Notes a number."""
            numbers.append(number)
            return ToolResult(str(number), "Noted")

        model.will(*(ToolCall("c", "note", f'{{"number": {number}}}') for number in range(MAX_CALLS + 4)))
        events = answer(note)
        assert sorted(numbers) == list(range(MAX_CALLS))
        assert len(started(events)) == len(ended(events)) == MAX_CALLS + 4
        assert [record.result.ok for record in ended(events)] == [True] * MAX_CALLS + [False] * 4
        results = [message for message in model.seen[-1] if message.role == "tool"]
        assert [message.text for message in results[:MAX_CALLS]] == [str(number) for number in range(MAX_CALLS)]
        assert all("Too many" in message.text for message in results[MAX_CALLS:])

    def test_the_next_step_has_its_full_number_again(self, model, answer):
        model.will(*(call(number=number) for number in range(MAX_CALLS + 1)))
        model.will(*(call(number=number) for number in range(MAX_CALLS)))
        records = ended(answer(look_up))
        assert [record.result.ok for record in records] == [True] * MAX_CALLS + [False] + [True] * MAX_CALLS
        assert len({record.call.id for record in records}) == 2 * MAX_CALLS + 1


@pytest.fixture
def hang(released):
    """A tool that does not end before `released`. `hang.begun` and `hang.ended` are set when it begins and ends."""

    def hang() -> ToolResult:
        """Hangs."""
        hang.begun.set()
        released.wait(LONG_S)
        hang.ended.set()
        return ToolResult("late", "Late")

    hang.begun, hang.ended = threading.Event(), threading.Event()
    return hang


class TestTime:
    def test_a_deadline_ends_a_hung_tool(self, model, answer, hang):
        model.will(TextDelta("Let me see."), call("hang"), call())
        with pytest.raises(TurnEnded) as end:
            answer(hang, look_up, cancellation=Cancellation(0.2))
        assert end.value.reason == "timeout"
        assert not hang.ended.is_set()

    def test_a_tool_has_a_limit_of_its_own_and_the_answer_goes_on(self, model, hang):
        """The clock passes the tools' limit when the quick tool has ended."""
        model.will(call("hang"), call())
        model.will(TextDelta("One of them."))
        clock, events = FakeClock(), []
        toolbox = Toolbox([FunctionTool(hang), FunctionTool(look_up)], timeout_s=LONG_S, clock=clock)
        for event in Agent(model, toolbox).answer("m", QUESTION, USER, Cancellation(2 * LONG_S)):
            events.append(event)
            if isinstance(event, ToolCallEnded):
                clock.advance(LONG_S)
        hung, quick = ended(events)
        assert (hung.result.ok, quick.result.ok) == (False, True)
        assert "did not answer" in hung.result.summary
        assert (hung.duration_ms, quick.duration_ms) == (LONG_S * 1000, 0)
        assert events[-1] == TextDelta("One of them.")
        assert "did not answer" in model.seen[-1][-2].text

    def test_a_late_result_goes_nowhere(self, model, answer, hang, released):
        model.will(call("hang"))

        def script(_messages, _cancellation):
            released.set()
            yield TextDelta("Without it.")

        model.will_run(script)
        events = answer(hang, tool_timeout_s=0.05)
        assert [record.result.summary for record in ended(events)] == ["hang did not answer within 0.05 seconds."]


class TestCancellation:
    def test_a_stop_ends_a_hung_tool_at_once(self, model, answer, hang, elsewhere):
        cancellation = Cancellation(LONG_S)
        model.will(call("hang"))
        answering = elsewhere.submit(answer, hang, cancellation=cancellation)
        assert hang.begun.wait(LONG_S)
        cancellation.cancel("stopped")
        with pytest.raises(TurnEnded) as end:
            answering.result(LONG_S / 2)
        assert end.value.reason == "stopped"

    def test_a_stop_while_the_model_answers_takes_effect_at_its_end(self, model, answer):
        """This model's stream does not end early, as the client's would."""
        cancellation = Cancellation(LONG_S)

        def script(_messages, _cancellation):
            yield TextDelta("Half")
            cancellation.cancel("stopped")

        model.will_run(script)
        with pytest.raises(TurnEnded):
            answer(look_up, cancellation=cancellation)

    def test_no_tool_is_begun_after_a_stop(self, model, answer):
        cancellation = Cancellation(LONG_S)
        calls = []

        def note() -> ToolResult:
            """Notes that it ran."""
            calls.append(True)
            return ToolResult("", "")

        def script(_messages, _cancellation):
            yield call("note")
            cancellation.cancel("interrupted")

        model.will_run(script)
        with pytest.raises(TurnEnded) as end:
            answer(note, cancellation=cancellation)
        assert (end.value.reason, calls) == ("interrupted", [])

    def test_a_turn_past_its_deadline_asks_the_model_no_more(self, model, answer):
        cancellation = Cancellation(LONG_S)

        def slow() -> ToolResult:
            """Takes longer than the turn has."""
            cancellation.deadline = time.monotonic()
            return ToolResult("", "")

        model.will(call("slow"))
        with pytest.raises(TurnEnded):
            answer(slow, cancellation=cancellation)
        assert model.seen == [list(QUESTION)]
        assert isinstance(model.seen[0][0], Message)
