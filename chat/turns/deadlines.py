"""Deadlines of running turns: a turn that takes too long is cancelled, also while its model is silent."""

from __future__ import annotations

import time

from chat.runtime.ticker import Ticker
from chat.turns.running_turns import RunningTurns

_CHECK_S = 0.05


class Deadlines:
    """One per worker."""

    def __init__(self, running_turns: RunningTurns) -> None:
        self._running_turns = running_turns
        self._ticker = Ticker("deadlines", _CHECK_S, self._cancel_overdue)

    def start(self) -> None:
        self._ticker.start()

    def stop(self) -> None:
        self._ticker.stop()

    def _cancel_overdue(self) -> None:
        now = time.monotonic()
        for running in self._running_turns.turns():  # in the order of their deadlines: all have one timeout
            if now < running.cancellation.deadline:
                return
            running.cancellation.cancel("timeout")
