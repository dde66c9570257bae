"""The agent: asks the model, runs the tools it calls, hands the results back, until it has answered.

Plain blocking code. A generator: messages go in, events come out, and nothing here knows who listens.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from chat.agent.context import step_messages
from chat.agent.toolbox import Toolbox
from chat.call_ids import portable_call_id
from chat.cancellation import Cancellation
from chat.errors import ModelAnswerTooLong, ModelNoAnswer
from chat.llm.contract import LanguageModel
from chat.messages import (
    Answer,
    Message,
    Notice,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolCallRecord,
    ToolResult,
    Usage,
)

# A model that keeps calling tools is told at its last step to answer without.
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

AgentEvent = TextDelta | ReasoningDelta | Usage | Notice | ToolCallStarted | ToolCallEnded


class Agent:
    """One for each worker; `answer` runs many times at once."""

    def __init__(self, model: LanguageModel, toolbox: Toolbox, max_answer_chars: int = 2_000_000) -> None:
        """`max_answer_chars` bounds the text and the reasoning of one answer together."""
        self._model = model
        self._toolbox = toolbox
        self._max_answer_chars = max_answer_chars

    def answer(
        self, model: str, context: Sequence[Message], cancellation: Cancellation, start: Answer = _NOTHING
    ) -> Iterator[AgentEvent]:
        """Answer the last message of `context`. Raises ModelError or TurnEnded; what was yielded stands.

        What comes is numbered after `start`, an answer that goes on.
        """
        messages = list(context)
        length = len(start.text)
        called = list(start.tool_calls)
        steps = max((record.step for record in called), default=-1) + 1
        room = max(0, self._max_answer_chars - length - len(start.reasoning))
        for step in range(MAX_STEPS):
            text: list[str] = []
            calls: list[ToolCall] = []
            may_call = step < MAX_STEPS - 1
            # Closed here and now when this turn is abandoned, and the model's connection with it.
            with contextlib.closing(
                self._model.stream(model, messages, self._toolbox.specs, cancellation, may_call)
            ) as deltas:
                for delta in deltas:
                    if isinstance(delta, ToolCall):
                        calls.append(delta)
                        continue
                    if isinstance(delta, (TextDelta, ReasoningDelta)):
                        if len(delta.text) > room:
                            yield replace(delta, text=delta.text[:room])
                            raise _too_long(self._max_answer_chars)
                        room -= len(delta.text)
                        if isinstance(delta, TextDelta):
                            text.append(delta.text)
                    yield delta
            cancellation.check()
            if not calls:
                return
            if not may_call:
                raise ModelNoAnswer("The model kept calling tools and did not answer.")
            said = "".join(text)
            length += len(said)
            records = self._records(calls, steps + step, length, {record.call.id for record in called})
            ended = yield from self._run(records, len(called), cancellation)
            called += ended
            messages += step_messages(said, ended, model)

    def _records(self, calls: list[ToolCall], step: int, text_offset: int, used: set[str]) -> list[ToolCallRecord]:
        """The calls of a step. Ids stay as they came, unless one was used before in this answer."""
        records: list[ToolCallRecord] = []
        for call in calls:
            unique = call if call.id not in used else replace(call, id=portable_call_id(call.id, used))
            used.add(unique.id)
            records.append(ToolCallRecord(unique, self._toolbox.label(unique), step, text_offset))
        return records

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


def _too_long(limit: int) -> ModelAnswerTooLong:
    return ModelAnswerTooLong(f"The answer was ended at {limit} characters, the most that one may have.")


_REFUSED = ToolResult('{"error": "Too many calls at once."}', "Too many calls at once.", ok=False)
