"""State of a running turn: the agent's answer so far, and the event log that its followers read.

Deltas are coalesced. The first is sent at once, later ones at most once per interval of the worker's `DeltaFlusher`,
whatever the number of tokens. Fifty milliseconds are invisible to a reader, but not to a worker with a thousand turns.
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

_MIN_INTERVAL_S = 0.05
_MAX_INTERVAL_S = 0.5
# Per worker, whatever the number of its turns.
_MAX_EVENTS_PER_S = 3_000


class DeltaFlusher:
    """Flushes the coalesced deltas of a worker's turns. The more turns there are, the longer is the interval.

    `pending` holds the turns with unsent deltas, so that a flush need not visit all turns.
    """

    def __init__(self) -> None:
        self.interval_s = _MIN_INTERVAL_S
        self.pending: set[RunningTurn] = set()

    def adapt(self, turns: int) -> None:
        """Set the interval for this number of turns."""
        self.interval_s = min(_MAX_INTERVAL_S, max(_MIN_INTERVAL_S, turns / _MAX_EVENTS_PER_S))

    def flush(self, now: float) -> None:
        """Flush the turns whose interval has passed."""
        for running in list(self.pending):
            running.flush(now)


class _Checkpointed(NamedTuple):
    """The part of a turn that is in checkpoints: numbers of events, texts and reasonings, and the tool calls."""

    events: int = 0
    texts: int = 0
    reasonings: int = 0
    calls: tuple[ToolCallRecord, ...] = ()


class RunningTurn:
    """State of one turn. The turn's own thread calls `handle`; the worker's tickers call the flush and checkpoints."""

    def __init__(self, turn: Turn, cancellation: Cancellation, flusher: DeltaFlusher) -> None:
        self.turn = turn
        self.cancellation = cancellation
        self._started_at = time.monotonic()
        self._flusher = flusher
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
        self._event_offsets: list[EventOffset] = []
        self._checkpointed = self._checkpointed_before = _Checkpointed()
        self.log.append("turn", event_data.turn_data(turn))

    def handle(self, event: AgentEvent) -> None:
        """Add an event of the agent."""
        with self._lock:
            if isinstance(event, (TextDelta, ReasoningDelta)):
                self._coalesce(event)
            elif isinstance(event, Usage):
                self._usage += event
            elif isinstance(event, Notice):
                self._notices.setdefault(event.code)
            elif isinstance(event, ToolCallStarted):
                self._flush()
                self._append("tool_call", event_data.tool_call_data(event.record), f"call {event.position}")
                self._tool_calls.append(event.record)
            else:
                self._add_result(event)

    def set_title(self, title: str) -> None:
        """Send the conversation's new title to the followers."""
        with self._lock:
            self._append("title", {"title": title}, "title")

    def flush(self, now: float) -> None:
        """Send pending deltas if the interval has passed."""
        if now - self._flushed_at >= self._flusher.interval_s:
            with self._lock:
                self._flush()

    def progress(self) -> Progress:
        """Return everything up to the last event, which includes all pending deltas."""
        with self._lock:
            self._flush()
            answer = Answer(
                "".join(self._text),
                "".join(self._reasoning),
                tuple(self._tool_calls),
                self._usage,
                tuple(self._notices),
            )
            return Progress(self.turn, answer, event_offsets.encode(self._event_offsets), self.elapsed_ms)

    def checkpoint_delta(self) -> CheckpointDelta:
        """Return what the turn has gained since the last checkpoint, and count it as checkpointed."""
        with self._lock:
            self._flush()
            before = self._checkpointed_before = self._checkpointed
            text, reasoning = _join_from(self._text, before.texts), _join_from(self._reasoning, before.reasonings)
            calls = tuple(self._tool_calls)
            self._checkpointed = _Checkpointed(len(self._event_offsets), len(self._text), len(self._reasoning), calls)
            changed = _changed(before.calls, calls) if calls else {}
            offsets = event_offsets.encode(self._event_offsets[before.events :])
            return CheckpointDelta(self.turn, before.events, text, reasoning, offsets, changed)

    @property
    def elapsed_ms(self) -> int:
        """Return the milliseconds since the turn began."""
        return int((time.monotonic() - self._started_at) * 1000)

    @property
    def changed(self) -> bool:
        """Return whether the turn has gained anything since the last checkpoint."""
        return len(self._event_offsets) != self._checkpointed.events or bool(self._pending)

    def checkpoint_failed(self) -> None:
        """Undo the last checkpoint, which was not committed: the next one includes its content."""
        self._checkpointed = self._checkpointed_before

    def end(self, turn: Turn, error: TurnError | None) -> None:
        """Append the last events, once the end is committed. Later calls do nothing."""
        with self._lock:
            if self.log.ended_at:
                return
            self.turn = turn
            if error is not None:
                self.log.append("error", event_data.error_data(error))
            self.log.append("done", event_data.done_data(turn))

    def _coalesce(self, delta: TextDelta | ReasoningDelta) -> None:
        if not delta.text:
            return
        if self._pending and type(delta) is not self._pending_kind:
            self._flush()
        self._pending_kind = type(delta)
        self._pending.append(delta.text)
        if time.monotonic() - self._flushed_at >= self._flusher.interval_s:
            self._flush()
        else:
            self._flusher.pending.add(self)

    def _flush(self) -> None:
        if not self._pending:
            return
        text = "".join(self._pending)
        self._pending.clear()
        self._flusher.pending.discard(self)
        self._flushed_at = time.monotonic()
        if self._pending_kind is TextDelta:
            self._append("delta", {"text": text}, len(text))
            self._text.append(text)
        else:
            self._append("reasoning", {"text": text}, -len(text))
            self._reasoning.append(text)

    def _add_result(self, event: ToolCallEnded) -> None:
        self._flush()
        self._append("tool_result", event_data.tool_result_data(event.record), f"result {event.position}")
        self._tool_calls[event.position] = event.record

    def _append(self, name: str, data: dict[str, object], offset: EventOffset) -> None:
        # The log first: text that no event can encode (a lone surrogate) raises, and must not be stored either.
        self.log.append(name, data)
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
