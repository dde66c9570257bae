"""The services that run a worker's turns, each of which knows only those before it."""

from __future__ import annotations

from chat.events.contract import MakeEventLog
from chat.metrics.metrics import Metrics
from chat.runtime.clock import Clock
from chat.store import Store
from chat.turns.admission import Admission
from chat.turns.checkpoints import Checkpoints
from chat.turns.coalescing import DeltaFlusher
from chat.turns.deadlines import Deadlines
from chat.turns.running_turns import RunningTurns
from chat.turns.turn_metrics import TurnMetrics


class TurnServices:
    """The services of `worker`, which runs at most `limit` turns. `make_log` makes the event log of each turn."""

    def __init__(
        self, store: Store, worker: str, limit: int, make_log: MakeEventLog, clock: Clock, metrics: Metrics
    ) -> None:
        self.make_log = make_log
        self.metrics = TurnMetrics(metrics)
        self.clock = clock
        self.running_turns = RunningTurns()
        self.admission = Admission(self.running_turns, limit)
        self.flusher = DeltaFlusher(lambda: self.running_turns.count, clock)
        self.deadlines = Deadlines(self.running_turns)
        self.checkpoints = Checkpoints(store, self.running_turns, worker, clock)
