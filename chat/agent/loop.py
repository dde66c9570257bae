"""The agent: calls the model, runs its tool calls, returns the results to it, until the answer is complete.

Plain blocking code in the form of a generator: messages in, events out. It does not depend on its consumers.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from chat.agent.context import step_messages
from chat.agent.toolbox import Toolbox, ToolProgress
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

# At the last step, the model is instructed to answer without tools.
MAX_STEPS = 8
# Further calls of one step are refused; the model reads the refusals as results.
MAX_CALLS = 16


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    """A call that begins. `position` counts the answer's calls, from 0."""

    position: int
    record: ToolCallRecord


@dataclass(frozen=True, slots=True)
class ToolCallEnded:
    position: int
    record: ToolCallRecord


@dataclass(frozen=True, slots=True)
class ToolCallProgress:
    """A line about a running call, for the user."""

    call_id: str
    text: str


_NOTHING = Answer()

AgentEvent = TextDelta | ReasoningDelta | Usage | Notice | ToolCallStarted | ToolCallProgress | ToolCallEnded


class Agent:
    """Agent of one worker; `answer` runs many times concurrently."""

    def __init__(self, model: LanguageModel, toolbox: Toolbox, max_answer_chars: int = 2_000_000) -> None:
        """Configure the agent. `max_answer_chars` bounds the text and the reasoning of one answer together."""
        self._model = model
        self._toolbox = toolbox
        self._max_answer_chars = max_answer_chars

    def answer(
        self, model: str, context: Sequence[Message], user_id: int, cancellation: Cancellation, start: Answer = _NOTHING
    ) -> Iterator[AgentEvent]:
        """Answer the last message of `context`, a question of the user `user_id`.

        Raises ModelError or TurnEnded; the events before stay valid. Steps and calls are numbered after those of
        `start`, an answer to continue.
        """
        messages = list(context)
        length = len(start.text)
        records_so_far = list(start.tool_calls)
        steps = max((record.step for record in records_so_far), default=-1) + 1
        chars_left = max(0, self._max_answer_chars - length - len(start.reasoning))
        for step in range(MAX_STEPS):
            text: list[str] = []
            calls: list[ToolCall] = []
            may_call = step < MAX_STEPS - 1
            # If the turn is abandoned, this closes the model's connection at once.
            with contextlib.closing(
                self._model.stream(model, messages, self._toolbox.specs, cancellation, may_call)
            ) as deltas:
                for delta in deltas:
                    if isinstance(delta, ToolCall):
                        calls.append(delta)
                        continue
                    if isinstance(delta, (TextDelta, ReasoningDelta)):
                        if len(delta.text) > chars_left:
                            yield replace(delta, text=delta.text[:chars_left])
                            raise _too_long(self._max_answer_chars)
                        chars_left -= len(delta.text)
                        if isinstance(delta, TextDelta):
                            text.append(delta.text)
                    yield delta
            cancellation.check()
            if not calls:
                return
            if not may_call:
                raise ModelNoAnswer("The model kept calling tools and did not answer.")
            step_text = "".join(text)
            length += len(step_text)
            records = self._records(calls, steps + step, length, {record.call.id for record in records_so_far})
            ended = yield from self._run(records, len(records_so_far), user_id, cancellation)
            records_so_far += ended
            messages += step_messages(step_text, ended, model)

    def _records(self, calls: list[ToolCall], step: int, text_offset: int, used: set[str]) -> list[ToolCallRecord]:
        """Return records of a step's calls. An id changes only if this answer has used it before."""
        records: list[ToolCallRecord] = []
        for call in calls:
            unique = call if call.id not in used else replace(call, id=portable_call_id(call.id, used))
            used.add(unique.id)
            records.append(ToolCallRecord(unique, self._toolbox.label(unique), step, text_offset))
        return records

    def _run(
        self, records: list[ToolCallRecord], first: int, user_id: int, cancellation: Cancellation
    ) -> Generator[AgentEvent, None, list[ToolCallRecord]]:
        """Run one step's calls concurrently. Return the records with their results."""
        for position, record in enumerate(records, first):
            yield ToolCallStarted(position, record)
        ended = [replace(record, result=_REFUSED) for record in records]
        for index in range(MAX_CALLS, len(records)):
            yield ToolCallEnded(first + index, ended[index])
        running = [record.call for record in records[:MAX_CALLS]]
        for report in self._toolbox.run(running, user_id, cancellation):
            index = report.index
            if isinstance(report, ToolProgress):
                yield ToolCallProgress(records[index].call.id, report.text)
                continue
            ended[index] = replace(records[index], result=report.result, duration_ms=report.duration_ms)
            yield ToolCallEnded(first + index, ended[index])
        return ended


def _too_long(limit: int) -> ModelAnswerTooLong:
    return ModelAnswerTooLong(f"The answer was ended at {limit} characters, the limit of one answer.")


_REFUSED = ToolResult('{"error": "Too many calls at once."}', "Too many calls at once.", ok=False)
