"""The agent: asks the model, runs the tools it calls, hands the results back, until it has answered.

Plain blocking code. A generator: messages go in, events come out, and nothing here knows who listens.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from chat.agent.context import step_messages
from chat.agent.toolbox import Toolbox
from chat.cancellation import Cancellation
from chat.llm.contract import LanguageModel
from chat.messages import (
    Answer,
    Message,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolCallRecord,
    ToolResult,
    Usage,
)

# A model that keeps calling tools is told of none at its last step, so that it has to answer.
MAX_STEPS = 8
# More calls at once than a question can need; the rest is refused, as results that the model reads.
MAX_CALLS = 16


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    """`position` counts the calls of the answer, from 0."""

    position: int
    record: ToolCallRecord


@dataclass(frozen=True, slots=True)
class ToolCallEnded:
    position: int
    record: ToolCallRecord


_NOTHING = Answer()

AgentEvent = TextDelta | ReasoningDelta | Usage | ToolCallStarted | ToolCallEnded


class Agent:
    """One for each worker; `answer` runs many times at once."""

    def __init__(self, model: LanguageModel, toolbox: Toolbox) -> None:
        self._model = model
        self._toolbox = toolbox

    def answer(
        self, model: str, context: Sequence[Message], cancellation: Cancellation, start: Answer = _NOTHING
    ) -> Iterator[AgentEvent]:
        """Answer the last message of `context`. Raises ModelError or TurnEnded; what was yielded stands.

        What comes is numbered after `start`, an answer that goes on.
        """
        messages = list(context)
        length = len(start.text)
        called = len(start.tool_calls)
        steps = max((record.step for record in start.tool_calls), default=-1) + 1
        for step in range(MAX_STEPS):
            tools = self._toolbox.specs if step < MAX_STEPS - 1 else []
            text: list[str] = []
            calls: list[ToolCall] = []
            # Closed here and now when this turn is abandoned, and the model's connection with it.
            with contextlib.closing(self._model.stream(model, messages, tools, cancellation)) as deltas:
                for delta in deltas:
                    if isinstance(delta, ToolCall):
                        calls.append(delta)
                        continue
                    if isinstance(delta, TextDelta):
                        text.append(delta.text)
                    yield delta
            cancellation.check()
            if not calls or not tools:
                return
            said = "".join(text)
            length += len(said)
            records = self._records(calls, steps + step, length, called)
            ended = yield from self._run(records, called, cancellation)
            called += len(ended)
            messages += step_messages(said, ended)

    def _records(self, calls: list[ToolCall], step: int, text_offset: int, first: int) -> list[ToolCallRecord]:
        """The calls of a step, each under an id of its own: some endpoints number every step's calls from 0."""
        unique = [replace(call, id=f"{call.id[:80]}.{position}") for position, call in enumerate(calls, first)]
        return [ToolCallRecord(call, self._toolbox.label(call), step, text_offset) for call in unique]

    def _run(
        self, records: list[ToolCallRecord], first: int, cancellation: Cancellation
    ) -> Generator[AgentEvent, None, list[ToolCallRecord]]:
        """Run one step's calls side by side. Returns the records with their results."""
        for position, record in enumerate(records, first):
            yield ToolCallStarted(position, record)
        ended = [replace(record, result=_REFUSED) for record in records]
        for index in range(MAX_CALLS, len(records)):
            yield ToolCallEnded(first + index, ended[index])
        running = [record.call for record in records[:MAX_CALLS]]
        for index, result, duration_ms in self._toolbox.run(running, cancellation):
            ended[index] = replace(records[index], result=result, duration_ms=duration_ms)
            yield ToolCallEnded(first + index, ended[index])
        return ended


_REFUSED = ToolResult('{"error": "Too many calls at once."}', "Too many calls at once.", ok=False)
