"""Recorder of one turn: appends its events to the log, and keeps the answer so far and its event offsets."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from chat.agent.loop import ToolCallEnded, ToolCallProgress, ToolCallStarted
from chat.events.contract import EventLog
from chat.messages import Answer, Notice, ToolCallRecord, Usage
from chat.store.records import Turn
from chat.store.turns import CheckpointDelta, Progress
from chat.turns import event_data, event_offsets
from chat.turns.event_offsets import EventOffset
from chat.turns.turn_timings import TurnTimings


class _Checkpointed(NamedTuple):
    """The part of a turn that is in checkpoints: numbers of events, texts and reasonings, and the tool calls."""

    events: int = 0
    texts: int = 0
    reasonings: int = 0
    calls: tuple[ToolCallRecord, ...] = ()


class TurnRecorder:
    """State of one turn's answer. The caller makes sure that its methods are not called at the same time."""

    def __init__(self, turn: Turn, log: EventLog) -> None:
        self._turn = turn
        self._log = log
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._tool_calls: list[ToolCallRecord] = []
        self._usage = Usage()
        self._notices: dict[str, None] = {}
        self._event_offsets: list[EventOffset] = []
        self._checkpointed = self._checkpointed_before = _Checkpointed()
        self.timings = TurnTimings()
        # Monotonic time of the first text.
        self.first_text_at: float | None = None
        log.append("turn", event_data.turn_data(turn))

    def record_text(self, text: str) -> None:
        """Add a part of the answer's text."""
        self._append("delta", event_data.TextData(text), len(text))
        self._text.append(text)
        if self.first_text_at is None:
            self.first_text_at = time.monotonic()

    def forget_first_text(self) -> None:
        """Take the next text for the first one."""
        self.first_text_at = None

    def record_reasoning(self, text: str) -> None:
        """Add a part of the model's reasoning."""
        self._append("reasoning", event_data.TextData(text), -len(text))
        self._reasoning.append(text)

    def record(self, event: Usage | Notice | ToolCallStarted | ToolCallProgress | ToolCallEnded) -> None:
        """Add an event of the agent that is not a delta."""
        if isinstance(event, Usage):
            self._usage += event
        elif isinstance(event, Notice):
            self._notices.setdefault(event.code)
        elif isinstance(event, ToolCallStarted):
            self._append("tool_call", event_data.tool_call_data(event.record), f"call {event.position}")
            self._tool_calls.append(event.record)
            self.timings.tool_began()
        elif isinstance(event, ToolCallProgress):
            data = event_data.ToolProgressData(id=event.call_id, text=event.text)
            self._append("tool_progress", data, event_offsets.NOT_STORED)
        else:
            self._record_result(event)

    def record_title(self, title: str) -> None:
        """Add the conversation's new title."""
        self._append("title", event_data.TitleData(title), "title")

    def progress(self, elapsed_ms: int) -> Progress:
        """Return everything up to the last event."""
        answer = Answer(
            "".join(self._text),
            "".join(self._reasoning),
            tuple(self._tool_calls),
            self._usage,
            tuple(self._notices),
        )
        offsets = event_offsets.encode(self._event_offsets)
        return Progress(self._turn, answer, offsets, elapsed_ms, self.timings.so_far())

    @property
    def changed(self) -> bool:
        """Return whether there are events since the last checkpoint."""
        return len(self._event_offsets) != self._checkpointed.events

    def checkpoint_delta(self) -> CheckpointDelta:
        """Return what is new since the last checkpoint, and count it as checkpointed."""
        before = self._checkpointed_before = self._checkpointed
        text, reasoning = _join_from(self._text, before.texts), _join_from(self._reasoning, before.reasonings)
        calls = tuple(self._tool_calls)
        self._checkpointed = _Checkpointed(len(self._event_offsets), len(self._text), len(self._reasoning), calls)
        changed = _changed(before.calls, calls) if calls else {}
        offsets = event_offsets.encode(self._event_offsets[before.events :])
        return CheckpointDelta(self._turn, before.events, text, reasoning, offsets, changed)

    def checkpoint_failed(self) -> None:
        """Undo the last checkpoint, which was not committed: the next one includes its content."""
        self._checkpointed = self._checkpointed_before

    def _record_result(self, event: ToolCallEnded) -> None:
        self._append("tool_result", event_data.tool_result_data(event.record), f"result {event.position}")
        self._tool_calls[event.position] = event.record
        self.timings.tool_ended()

    def _append(self, name: str, data: msgspec.Struct, offset: EventOffset) -> None:
        # The log first: text that no event can encode (a lone surrogate) raises, and must not be stored either.
        self._log.append(name, data)
        self._event_offsets.append(offset)


def _changed(before: Sequence[ToolCallRecord], now: Sequence[ToolCallRecord]) -> dict[int, ToolCallRecord]:
    """Return the calls that are new or have ended, by their position."""
    return {at: call for at, call in enumerate(now) if at >= len(before) or call is not before[at]}


def _join_from(texts: list[str], start: int) -> str:
    """Join `texts` from `start` on, also in place, so that a turn holds few strings instead of one per token."""
    joined = "".join(texts[start:])
    if joined:
        texts[start:] = [joined]
    return joined
