"""Registry of the turns that run in this worker."""

from __future__ import annotations

import threading

from chat.turns.running_turn import RunningTurn


class RunningTurns:
    """One per worker. Safe to use from any thread."""

    def __init__(self) -> None:
        self._turns: dict[int, RunningTurn] = {}
        self._lock = threading.Lock()

    def add(self, running: RunningTurn) -> None:
        with self._lock:
            self._turns[running.turn.id] = running

    def remove(self, running: RunningTurn) -> None:
        with self._lock:
            self._turns.pop(running.turn.id, None)

    def get(self, turn_id: int) -> RunningTurn | None:
        return self._turns.get(turn_id)

    def turns(self) -> list[RunningTurn]:
        """Return the running turns in the order in which they began."""
        with self._lock:
            return list(self._turns.values())

    @property
    def count(self) -> int:
        """Return the number of running turns."""
        return len(self._turns)
