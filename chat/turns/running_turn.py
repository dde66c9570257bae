"""A turn while it runs: what the agent has said so far, and the log its followers read.

Deltas are gathered: the first goes out at once, later ones at most once in the worker's `DeltaFlusher`, however many
tokens that is. Nobody can see fifty milliseconds; a worker with a thousand turns can.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from chat.agent.loop import AgentEvent, ToolCallEnded, ToolCallStarted
from chat.cancellation import Cancellation
from chat.events.local import LocalEventLog
from chat.messages import Answer, Notice, ReasoningDelta, TextDelta, ToolCallRecord, Usage
from chat.store.records import Turn, TurnError
from chat.store.turns import CheckpointDelta, Progress
from chat.turns import event_data, event_offsets
from chat.turns.event_offsets import EventOffset

_SHORTEST_S = 0.05
_LONGEST_S = 0.5
# So many events a worker sends in a second, whatever the number of its turns.
_EVENTS_PER_S = 3_000


class DeltaFlusher:
    """How long a worker's turns gather deltas, in seconds: the longer, the more of them there are.

    `gathering` are those that hold some back at the moment: with many turns they are few, and the others need not
    be looked at.
    """

    def __init__(self) -> None:
        self.interval_s = _SHORTEST_S
        self.gathering: set[RunningTurn] = set()

    def suit(self, turns: int) -> None:
        self.interval_s = min(_LONGEST_S, max(_SHORTEST_S, turns / _EVENTS_PER_S))


class _Kept(NamedTuple):
    """How far the pieces have come: in marks, in texts, in reasonings; and the tool calls as they were then."""

    marks: int = 0
    texts: int = 0
    reasonings: int = 0
    calls: tuple[ToolCallRecord, ...] = ()


class RunningTurn:
    """`take` is called by the turn's own thread, `flush` and `piece` by the worker's tickers."""

    def __init__(self, turn: Turn, cancellation: Cancellation, pace: DeltaFlusher) -> None:
        self.turn = turn
        self.cancellation = cancellation
        self._began = time.monotonic()
        self._pace = pace
        self.log = LocalEventLog()
        self._lock = threading.Lock()
        self._pending: list[str] = []
        self._pending_kind: type[TextDelta | ReasoningDelta] = TextDelta
        self._flushed_at = 0.0
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._tool_calls: list[ToolCallRecord] = []
        self._usage = Usage()
        self._notices: dict[str, None] = {}
        self._marks: list[EventOffset] = []
        self._kept = self._kept_before = _Kept()
        self.log.append("turn", event_data.turn_data(turn))

    def take(self, event: AgentEvent) -> None:
        """Add what the agent yielded."""
        with self._lock:
            if isinstance(event, (TextDelta, ReasoningDelta)):
                self._gather(event)
            elif isinstance(event, Usage):
                self._usage += event
            elif isinstance(event, Notice):
                self._notices.setdefault(event.code)
            elif isinstance(event, ToolCallStarted):
                self._flush()
                self._tell("tool_call", event_data.tool_call_data(event.record), f"call {event.position}")
                self._tool_calls.append(event.record)
            else:
                self._take_result(event)

    def title(self, title: str) -> None:
        with self._lock:
            self._tell("title", {"title": title}, "title")

    def flush(self, now: float) -> None:
        """Send what has been waiting for longer than the interval."""
        if now - self._flushed_at >= self._pace.interval_s:
            with self._lock:
                self._flush()

    def progress(self) -> Progress:
        """All there is up to the last event that went out."""
        with self._lock:
            self._flush()
            answer = Answer(
                "".join(self._text),
                "".join(self._reasoning),
                tuple(self._tool_calls),
                self._usage,
                tuple(self._notices),
            )
            return Progress(self.turn, answer, event_offsets.encode(self._marks), self.elapsed_ms)

    def piece(self) -> CheckpointDelta:
        """What there is beyond the last piece, up to the last event that went out."""
        with self._lock:
            self._flush()
            before = self._kept_before = self._kept
            text, reasoning = _as_one(self._text, before.texts), _as_one(self._reasoning, before.reasonings)
            calls = tuple(self._tool_calls)
            self._kept = _Kept(len(self._marks), len(self._text), len(self._reasoning), calls)
            changed = _changed(before.calls, calls) if calls else {}
            return CheckpointDelta(
                self.turn, before.marks, text, reasoning, event_offsets.encode(self._marks[before.marks :]), changed
            )

    @property
    def elapsed_ms(self) -> int:
        """How long it has run."""
        return int((time.monotonic() - self._began) * 1000)

    @property
    def changed(self) -> bool:
        """Whether there is more than the last piece had."""
        return len(self._marks) != self._kept.marks or bool(self._pending)

    def not_kept(self) -> None:
        """The last piece could not be written: the next one begins where it began."""
        self._kept = self._kept_before

    def end(self, turn: Turn, error: TurnError | None) -> None:
        """The last events, once the end is committed. The first call counts."""
        with self._lock:
            if self.log.ended_at:
                return
            self.turn = turn
            if error is not None:
                self.log.append("error", event_data.error_data(error))
            self.log.append("done", event_data.done_data(turn))

    def _gather(self, delta: TextDelta | ReasoningDelta) -> None:
        if not delta.text:
            return
        if self._pending and type(delta) is not self._pending_kind:
            self._flush()
        self._pending_kind = type(delta)
        self._pending.append(delta.text)
        if time.monotonic() - self._flushed_at >= self._pace.interval_s:
            self._flush()
        else:
            self._pace.gathering.add(self)

    def _flush(self) -> None:
        if not self._pending:
            return
        text = "".join(self._pending)
        self._pending.clear()
        self._pace.gathering.discard(self)
        self._flushed_at = time.monotonic()
        if self._pending_kind is TextDelta:
            self._tell("delta", {"text": text}, len(text))
            self._text.append(text)
        else:
            self._tell("reasoning", {"text": text}, -len(text))
            self._reasoning.append(text)

    def _take_result(self, event: ToolCallEnded) -> None:
        self._flush()
        self._tell("tool_result", event_data.tool_result_data(event.record), f"result {event.position}")
        self._tool_calls[event.position] = event.record

    def _tell(self, name: str, data: dict[str, object], mark: EventOffset) -> None:
        # First: what no event can carry (half a character) must not be kept either, it could not be.
        self.log.append(name, data)
        self._marks.append(mark)


def _changed(before: Sequence[ToolCallRecord], now: Sequence[ToolCallRecord]) -> dict[int, ToolCallRecord]:
    """The calls that are new or have ended, by their position."""
    return {at: call for at, call in enumerate(now) if at >= len(before) or call is not before[at]}


def _as_one(texts: list[str], start: int) -> str:
    """Join what `texts` has from `start` on, also within it: a turn holds few strings, not one a token."""
    joined = "".join(texts[start:])
    if joined:
        texts[start:] = [joined]
    return joined
