"""The contract of tools (`chat.tool_contract`), for every implementation.

A further implementation is added to `IMPLEMENTATIONS`: a function that makes a tool called `echo` of the function
below, with its parameters and its result.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Annotated

import pytest

from chat.agent.toolbox import Toolbox, ToolOutcome, ToolProgress
from chat.cancellation import Cancellation
from chat.errors import ToolFailure, TurnEnded
from chat.messages import ToolCall, ToolResult
from chat.tool_contract import Tool, ToolContext
from chat.tools.function_tool import FunctionTool

from .conftest import tool_context

USER = 7
Echo = Callable[[str, int, ToolContext], ToolResult]


def of_a_function(echo: Echo) -> Tool:
    def tool(
        text: Annotated[str, "What to say."], context: ToolContext, times: Annotated[int, "How often."] = 1
    ) -> ToolResult:
        """Say a text."""
        return echo(text, times, context)

    tool.__name__ = "echo"
    return FunctionTool(tool, "Saying {text}")


IMPLEMENTATIONS = [of_a_function]


@pytest.fixture(params=IMPLEMENTATIONS)
def make(request: pytest.FixtureRequest) -> Callable[[Echo], Tool]:
    return request.param


def say(text: str, times: int, context: ToolContext) -> ToolResult:
    return ToolResult(f"{text * times} for {context.user_id}", "Said")


def wait(text: str, times: int, context: ToolContext) -> ToolResult:
    """Block as a tool should: until its time is over or its turn is cancelled."""
    over = threading.Event()
    with context.cancellation.closing(over.set):
        over.wait(context.remaining_s())
    context.cancellation.check()
    raise ToolFailure("The time is over.")


def report(text: str, times: int, context: ToolContext) -> ToolResult:
    for number in range(times):
        context.progress(f"{text} {number}")
    return ToolResult("", "Done")


def test_the_specification_is_for_a_model(make):
    spec = make(say).spec
    assert (spec.name, spec.description, spec.label) == ("echo", "Say a text.", "Saying {text}")
    assert spec.parameters["type"] == "object"
    assert list(spec.parameters["properties"]) == ["text", "times"]
    assert spec.parameters["required"] == ["text"]
    assert json.loads(json.dumps(spec.parameters)) == spec.parameters


def test_a_call_has_its_arguments_and_its_user(make):
    assert make(say).call({"text": "a", "times": 3}, tool_context(user_id=USER)).content == "aaa for 7"
    assert make(say).call({"text": "a"}, tool_context(user_id=8)).content == "a for 8"


@pytest.mark.parametrize(
    "arguments", [{}, {"text": 5}, {"text": "a", "times": "many"}, {"text": "a", "context": {"user_id": 1}}]
)
def test_wrong_arguments_are_explained_to_the_model(make, arguments):
    with pytest.raises(ToolFailure, match="echo"):
        make(say).call(arguments, tool_context())


def test_a_call_ends_at_its_deadline(make):
    with pytest.raises(ToolFailure, match="time is over"):
        make(wait).call({"text": "a"}, tool_context(deadline=time.monotonic() + 0.05))


def test_a_call_ends_with_its_turn(make):
    cancellation = Cancellation(60)
    threading.Timer(0.05, cancellation.cancel, ("stopped",)).start()
    with pytest.raises(TurnEnded):
        make(wait).call({"text": "a"}, tool_context(cancellation=cancellation))


def test_a_toolbox_runs_it_and_passes_its_progress_on(make):
    calls = [ToolCall("c0", "echo", '{"text": "page", "times": 5}'), ToolCall("c1", "echo", '{"text": 5}')]
    reports = list(Toolbox([make(report)]).run(calls, USER, Cancellation(60)))
    # No more than one line a second.
    assert [each for each in reports if isinstance(each, ToolProgress)] == [ToolProgress(0, "page 0")]
    outcomes = {each.index: each.result.ok for each in reports if isinstance(each, ToolOutcome)}
    assert outcomes == {0: True, 1: False}
