"""The timing of the demo model with a clock that the test sets, and its stop. Runs under gevent, too."""

from __future__ import annotations

import itertools
import threading

import pytest

from chat.cancellation import Cancellation
from chat.errors import TurnEnded
from chat.llm.demo.model import DemoModel
from chat.messages import Message, TextDelta, ToolCall, ToolSpec

TOOLS = [ToolSpec("market_data", "", {"type": "object"})]
QUESTION = Message("user", "Show me China market data")
RESULT = '{"economy": "China", "figures": [{"name": "GDP", "value": "18.74 trillion US$", "year": "2024"}]}'


class Clock:
    """A clock whose time passes only during waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float, cancellation: Cancellation) -> None:
        assert seconds > 0
        self.now += seconds


def timed(clock: Clock, model: DemoModel, messages: list[Message]) -> list[tuple[float, object]]:
    began_at = clock.now
    return [(clock.now - began_at, delta) for delta in model.stream("demo", messages, TOOLS, Cancellation(1000))]


@pytest.mark.parametrize("latency_s", [0.5, 2.0, 20.0])
def test_a_turn_with_its_tools_takes_the_latency(latency_s):
    clock = Clock()
    model = DemoModel(latency_s, clock, clock.wait)
    first = timed(clock, model, [QUESTION])
    called_after = clock.now - 1000
    (call,) = [delta for _, delta in first if isinstance(delta, ToolCall)]
    assert called_after <= latency_s / 4
    messages = [QUESTION, Message("assistant", "", (call,)), Message("tool", RESULT, tool_call_id=call.id)]
    times = [at for at, delta in timed(clock, model, messages) if isinstance(delta, TextDelta)]
    assert clock.now - 1000 == pytest.approx(latency_s)
    assert times[0] == 0
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert max(gaps) == pytest.approx(min(gaps))
    assert max(gaps) < latency_s / 10


def test_a_turn_without_tools_takes_the_latency():
    clock = Clock()
    timed(clock, DemoModel(20.0, clock, clock.wait), [Message("user", "hello")])
    assert clock.now - 1000 == pytest.approx(20.0)


def test_a_slow_reader_is_not_made_to_wait_more():
    clock = Clock()
    deltas = []
    for delta in DemoModel(5.0, clock, clock.wait).stream("demo", [Message("user", "hello")], [], Cancellation(1000)):
        clock.now += 1
        deltas.append(delta)
    assert clock.now - 1000 == len(deltas)  # every second of it the reader's own


def test_no_latency_is_no_waiting():
    clock = Clock()
    timed(clock, DemoModel(0, clock, clock.wait), [Message("user", "hello")])
    assert clock.now == 1000


@pytest.mark.parametrize("question", ["hello", QUESTION.text])
def test_cancelling_ends_a_wait_at_once(question):
    """The waits are hours long, so only a wake-up can end them."""
    cancellation = Cancellation(100_000)
    reasons: list[str] = []

    def read() -> None:
        try:
            for _ in DemoModel(360_000).stream("demo", [Message("user", question)], TOOLS, cancellation):
                begun.set()
        except TurnEnded as ended:
            reasons.append(ended.reason)

    begun = threading.Event()
    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    if question == "hello":
        assert begun.wait(30)
    cancellation.cancel("stopped")
    thread.join(30)
    assert reasons == ["stopped"]


def test_the_deadline_ends_it():
    with pytest.raises(TurnEnded) as ended:
        list(DemoModel(360_000).stream("demo", [Message("user", "hello")], TOOLS, Cancellation(0.1)))
    assert ended.value.reason == "timeout"


def test_a_turn_that_was_ended_says_nothing_more():
    cancellation = Cancellation(1000)
    deltas = DemoModel(0).stream("demo", [Message("user", "hello")], TOOLS, cancellation)
    assert isinstance(next(deltas), TextDelta)
    cancellation.cancel("stopped")
    with pytest.raises(TurnEnded):
        next(deltas)
