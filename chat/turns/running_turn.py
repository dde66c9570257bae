"""A running turn: its cancellation, its event log, and what is recorded of its answer."""

from __future__ import annotations

import time
from collections.abc import Callable

from chat.agent.loop import AgentEvent
from chat.cancellation import Cancellation
from chat.events.contract import EventLog
from chat.store.records import Turn, TurnError
from chat.store.turns import CheckpointDelta, Progress
from chat.turns import event_data
from chat.turns.coalescing import DeltaCoalescer, DeltaFlusher
from chat.turns.turn_recorder import TurnRecorder


class RunningTurn:
    """One turn. Its own thread calls `handle`; the worker's tickers call the flush and checkpoints.

    `followers` is the number of streams that read its log.
    """

    def __init__(self, turn: Turn, cancellation: Cancellation, log: EventLog, flusher: DeltaFlusher) -> None:
        self.turn = turn
        self.cancellation = cancellation
        self.log = log
        self.followers = 0
        self._started_at = time.monotonic()
        self._recorder = TurnRecorder(turn, log)
        self.timings = self._recorder.timings
        self.coalescer = DeltaCoalescer(self._recorder, flusher)
        # Called for each token, so without a method between.
        self.handle: Callable[[AgentEvent], None] = self.coalescer.handle

    def set_title(self, title: str) -> None:
        """Send the conversation's new title to the followers."""
        self.coalescer.flushed(lambda recorder: recorder.record_title(title))

    def progress(self) -> Progress:
        """Return everything up to the last event, which includes all pending deltas."""
        return self.coalescer.flushed(lambda recorder: recorder.progress(self.elapsed_ms))

    def checkpoint_delta(self) -> CheckpointDelta:
        """Return what the turn has gained since the last checkpoint, and count it as checkpointed."""
        return self.coalescer.flushed(TurnRecorder.checkpoint_delta)

    def checkpoint_failed(self) -> None:
        """Undo the last checkpoint, which was not committed: the next one includes its content."""
        self._recorder.checkpoint_failed()

    @property
    def changed(self) -> bool:
        """Return whether the turn has gained anything since the last checkpoint."""
        return self._recorder.changed or self.coalescer.pending

    def forget_first_text(self) -> None:
        """Take the next text for the first one: what was recorded so far is of an earlier answer."""
        self.coalescer.flushed(TurnRecorder.forget_first_text)

    @property
    def first_text_s(self) -> float | None:
        """Return the seconds from the turn's begin to its first text, None without any."""
        first = self._recorder.first_text_at
        return None if first is None else first - self._started_at

    @property
    def elapsed_ms(self) -> int:
        """Return the milliseconds since the turn began."""
        return int((time.monotonic() - self._started_at) * 1000)

    def end(self, turn: Turn, error: TurnError | None) -> None:
        """Append the last events, once the end is committed. Later calls do nothing."""
        self.coalescer.discard()
        if self.log.ended_at:
            return
        self.turn = turn
        if error is not None:
            self.log.append("error", event_data.error_data(error))
        self.log.append("done", event_data.done_data(turn))
