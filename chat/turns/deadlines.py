"""Deadlines of running turns: a turn past its deadline is cancelled, even while its model is silent."""

from __future__ import annotations

import time

from chat.turns.running_turns import RunningTurns


class Deadlines:
    """One per worker."""

    def __init__(self, running_turns: RunningTurns) -> None:
        self._running_turns = running_turns

    def check(self) -> None:
        """Cancel the turns that have taken too long."""
        now = time.monotonic()
        for running in self._running_turns.turns():  # in the order of their deadlines: all have one timeout
            if now < running.cancellation.deadline:
                return
            running.cancellation.cancel("timeout")
