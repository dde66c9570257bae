"""The services that run a worker's turns, each of which knows only those before it."""

from __future__ import annotations

from chat.events.contract import MakeEventLog
from chat.store import Store
from chat.turns.admission import Admission
from chat.turns.checkpoints import CHECKPOINT_S, Checkpoints
from chat.turns.coalescing import DeltaFlusher
from chat.turns.deadlines import Deadlines
from chat.turns.running_turns import RunningTurns


class TurnServices:
    """One per worker, which runs at most `limit` turns. `make_log` makes the event log of each turn."""

    def __init__(self, store: Store, limit: int, make_log: MakeEventLog, *, checkpoint_s: float = CHECKPOINT_S) -> None:
        self.make_log = make_log
        self.running_turns = RunningTurns()
        self.admission = Admission(self.running_turns, limit)
        self.flusher = DeltaFlusher(lambda: self.running_turns.count)
        self._deadlines = Deadlines(self.running_turns)
        self._checkpoints = Checkpoints(store, self.running_turns, checkpoint_s)

    def start(self) -> None:
        """Start the periodic jobs."""
        for job in (self.flusher, self._deadlines, self._checkpoints):
            job.start()

    def stop(self) -> None:
        """Stop the periodic jobs."""
        for job in (self.flusher, self._deadlines, self._checkpoints):
            job.stop()
