"""How a worker leaves: it takes no new turns, lets those it has come to their end, and interrupts what is left.

gunicorn waits for connections, not for turns: one whose browser has gone would die with its worker.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from chat.runtime.ticker import Ticker
from chat.turns.running_turns import RunningTurns

_LOOK_S = 0.25
# A worker that was told to leave goes on accepting connections for up to a second. Until then it begins turns
# too: whom it sent away might come back to it.
_LAST_CONNECTIONS_S = 1.25
_LAST_COMMITS_S = 5.0


class Drain:
    """One for each worker. `grace_s` is how long its turns may take to end by themselves."""

    def __init__(self, running_turns: RunningTurns, grace_s: float) -> None:
        self._running_turns = running_turns
        self._grace_s = grace_s
        self._until: float | None = None
        self._leaving_since = 0.0
        self._watch: Ticker | None = None

    def watch(self, leaving: Callable[[], bool]) -> None:
        """Begin by itself soon after `leaving` has come true."""

        def look() -> None:
            if self._leaving_since == 0.0 and leaving():
                self._leaving_since = time.monotonic()
            if self._leaving_since and time.monotonic() - self._leaving_since >= _LAST_CONNECTIONS_S:
                self.begin()

        self._watch = Ticker("drain", _LOOK_S, look)
        self._watch.start()

    def begin(self) -> None:
        """Take no new turns, and interrupt what still runs when the grace is over. Later calls do nothing."""
        if self._until is None:
            self._until = time.monotonic() + self._grace_s
            self._running_turns.close()
            threading.Thread(target=self._interrupt_what_is_left, name="grace", daemon=True).start()

    def hurry(self) -> None:
        """There is no grace left."""
        self._until = time.monotonic()
        self._running_turns.close()

    def finish(self) -> None:
        """Wait until no turn is left: all are committed then."""
        if self._watch is not None:
            self._watch.stop()
        self.begin()
        self._running_turns.wait_until_empty(self._left_s())
        self._running_turns.end_all("interrupted", _LAST_COMMITS_S)

    def _interrupt_what_is_left(self) -> None:
        if not self._running_turns.wait_until_empty(self._left_s()):
            self._running_turns.end_all("interrupted", _LAST_COMMITS_S)

    def _left_s(self) -> float:
        return 0.0 if self._until is None else max(0.0, self._until - time.monotonic())
