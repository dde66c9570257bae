"""Coalescing of deltas: the first is sent at once, later ones at most once per interval, whatever the number of tokens.

Fifty milliseconds are invisible to a reader, but not to a worker with a thousand turns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from chat.agent.loop import AgentEvent
from chat.messages import Notice, ReasoningDelta, TextDelta, Usage
from chat.runtime import mode
from chat.runtime.clock import Clock
from chat.turns.turn_recorder import TurnRecorder

T = TypeVar("T")

MIN_INTERVAL_S = 0.05
_MAX_INTERVAL_S = 0.5
# Per worker, whatever the number of its turns.
_MAX_EVENTS_PER_S = 3_000


class DeltaFlusher:
    """Flushes the coalesced deltas of a worker's turns. The more turns there are, the longer is the interval.

    `pending` holds the coalescers with unsent deltas, so that a flush need not visit all turns.
    """

    def __init__(self, count_turns: Callable[[], int], clock: Clock) -> None:
        self.monotonic = clock.monotonic
        self.interval_s = MIN_INTERVAL_S
        self.pending: set[DeltaCoalescer] = set()
        self._count_turns = count_turns

    def adapt(self, turns: int) -> None:
        """Set the interval for this number of turns."""
        self.interval_s = min(_MAX_INTERVAL_S, max(MIN_INTERVAL_S, turns / _MAX_EVENTS_PER_S))

    def flush(self) -> None:
        """Send the deltas that are due, and adapt the interval. Call this every `MIN_INTERVAL_S` seconds."""
        self.adapt(self._count_turns())
        now = self.monotonic()
        for coalescer in list(self.pending):
            coalescer.flush(now)


class DeltaCoalescer:
    """Passes the events of one turn's agent on to its recorder, with deltas joined. Safe to use from any thread."""

    def __init__(self, recorder: TurnRecorder, flusher: DeltaFlusher) -> None:
        self._recorder = recorder
        self._flusher = flusher
        self._monotonic = flusher.monotonic
        # A native lock: nothing yields while it is held.
        self._lock = mode.native_lock()
        self._pending: list[str] = []
        self._pending_kind: type[TextDelta | ReasoningDelta] = TextDelta
        self._flushed_at = 0.0

    @property
    def pending(self) -> bool:
        """Return whether there are unsent deltas."""
        return bool(self._pending)

    def handle(self, event: AgentEvent) -> None:
        """Add an event of the agent."""
        with self._lock:
            if isinstance(event, (TextDelta, ReasoningDelta)):
                self._add(event)
            else:
                if not isinstance(event, (Usage, Notice)):  # these are no events of the log
                    self._flush()
                self._recorder.record(event)

    def flush(self, now: float) -> None:
        """Send pending deltas if the interval has passed."""
        if now - self._flushed_at >= self._flusher.interval_s:
            with self._lock:
                self._flush()

    def flushed(self, use: Callable[[TurnRecorder], T]) -> T:
        """Send pending deltas. Return what `use` does with the recorder, while further events are held back."""
        with self._lock:
            self._flush()
            return use(self._recorder)

    def discard(self) -> None:
        """Forget deltas that could not be sent before the turn's end."""
        with self._lock:
            self._pending.clear()
            self._flusher.pending.discard(self)

    def _add(self, delta: TextDelta | ReasoningDelta) -> None:
        if not delta.text:
            return
        if self._pending and type(delta) is not self._pending_kind:
            self._flush()
        self._pending_kind = type(delta)
        self._pending.append(delta.text)
        if self._monotonic() - self._flushed_at >= self._flusher.interval_s:
            self._flush()
        else:
            self._flusher.pending.add(self)

    def _flush(self) -> None:
        if not self._pending:
            return
        text = "".join(self._pending)
        self._pending.clear()
        self._flusher.pending.discard(self)
        self._flushed_at = self._monotonic()
        if self._pending_kind is TextDelta:
            self._recorder.record_text(text)
        else:
            self._recorder.record_reasoning(text)
