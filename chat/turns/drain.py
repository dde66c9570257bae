"""Shutdown of a worker: refuse new turns, let running turns finish, interrupt the rest after the grace period.

gunicorn waits for connections, not for turns: a turn whose browser has left would die with its worker.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from chat.runtime.ticker import Ticker
from chat.turns.admission import Admission

_POLL_S = 0.25
# After the signal to shut down, a worker still accepts connections for up to a second. It begins turns until then,
# because a refused client could reconnect to the same worker.
_LAST_CONNECTIONS_S = 1.25
_LAST_COMMITS_S = 5.0


class Drain:
    """One per worker. `grace_s` is how long running turns may take to finish."""

    def __init__(self, admission: Admission, grace_s: float) -> None:
        self._admission = admission
        self._grace_s = grace_s
        self._deadline: float | None = None
        self._shutdown_since = 0.0
        self._watch: Ticker | None = None

    def watch(self, shutting_down: Callable[[], bool]) -> None:
        """Begin the drain soon after `shutting_down` returns True."""

        def check() -> None:
            if self._shutdown_since == 0.0 and shutting_down():
                self._shutdown_since = time.monotonic()
            if self._shutdown_since and time.monotonic() - self._shutdown_since >= _LAST_CONNECTIONS_S:
                self.begin()

        self._watch = Ticker("drain", _POLL_S, check)
        self._watch.start()

    def begin(self) -> None:
        """Refuse new turns, and interrupt the turns still running after the grace period. Later calls do nothing."""
        if self._deadline is None:
            self._deadline = time.monotonic() + self._grace_s
            self._admission.close()
            threading.Thread(target=self._interrupt_rest, name="grace", daemon=True).start()

    def end_grace(self) -> None:
        """End the grace period now."""
        self._deadline = time.monotonic()
        self._admission.close()

    def finish(self) -> None:
        """Wait until every turn has ended and is committed."""
        if self._watch is not None:
            self._watch.stop()
        self.begin()
        self._admission.wait_until_empty(self._remaining_s())
        self._admission.end_all("interrupted", _LAST_COMMITS_S)

    def _interrupt_rest(self) -> None:
        if not self._admission.wait_until_empty(self._remaining_s()):
            self._admission.end_all("interrupted", _LAST_COMMITS_S)

    def _remaining_s(self) -> float:
        return 0.0 if self._deadline is None else max(0.0, self._deadline - time.monotonic())
