from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from chat.agent.loop import Agent, AgentEvent, ToolCallEnded, ToolCallStarted
from chat.agent.toolbox import Toolbox
from chat.cancellation import Cancellation
from chat.messages import Delta, Message, ToolCallRecord, ToolSpec
from chat.tools.function_tool import FunctionTool

from ..conftest import ScriptedModel

QUESTION = (Message("system", "Be brief."), Message("user", "China?"))
LONG_S = 30.0
USER = 7


class Model(ScriptedModel):
    """A scripted model that also records the names of the tools that it is offered."""

    def __init__(self) -> None:
        super().__init__()
        self.offers: list[list[str]] = []
        self.could_call: list[bool] = []

    def stream(
        self,
        model: str,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        cancellation: Cancellation,
        may_call: bool = True,
    ) -> Iterator[Delta]:
        self.offers.append([tool.name for tool in tools])
        self.could_call.append(may_call)
        return super().stream(model, messages, tools, cancellation, may_call)


@pytest.fixture
def model() -> Model:
    return Model()


Answer = Callable[..., list[AgentEvent]]


@pytest.fixture
def answer(model: Model) -> Answer:
    """Return a function that asks an agent with the given tools and returns the events of its answer."""

    def run(
        *tools: Callable[..., object], cancellation: Cancellation | None = None, tool_timeout_s: float = LONG_S
    ) -> list[AgentEvent]:
        functions = [FunctionTool(tool, "Calling it") for tool in tools]
        agent = Agent(model, Toolbox(functions, timeout_s=tool_timeout_s))
        return list(agent.answer("a-model", QUESTION, USER, cancellation or Cancellation(LONG_S)))

    return run


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """The event that a hung tool waits for; set when the test is over."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    """Threads for work beside the test's own."""
    with ThreadPoolExecutor(2) as threads:
        yield threads


def started(events: list[AgentEvent]) -> list[ToolCallRecord]:
    return [event.record for event in events if isinstance(event, ToolCallStarted)]


def ended(events: list[AgentEvent]) -> list[ToolCallRecord]:
    """Return the ended calls in the order of the calls."""
    return [event.record for event in sorted(_ends(events), key=lambda end: end.position)]


def _ends(events: list[AgentEvent]) -> list[ToolCallEnded]:
    return [event for event in events if isinstance(event, ToolCallEnded)]
