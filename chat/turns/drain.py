"""Shutdown of a worker: refuse new turns, let running turns finish, interrupt the rest after the grace period.

gunicorn waits for connections, not for turns: a turn whose browser has left would die with its worker.
"""

from __future__ import annotations

from collections.abc import Callable

from chat.runtime.clock import Clock
from chat.turns.admission import Admission

# After the signal to shut down, a worker still accepts connections for up to a second. It begins turns until then,
# because a refused client could reconnect to the same worker.
_LAST_CONNECTIONS_S = 1.25
_LAST_COMMITS_S = 5.0


class Drain:
    """One per worker. `grace_s` is how long running turns may take to finish."""

    def __init__(self, admission: Admission, grace_s: float, clock: Clock) -> None:
        self._admission = admission
        self._grace_s = grace_s
        self._clock = clock
        self._deadline: float | None = None
        self._shutting_down: Callable[[], bool] = lambda: False
        self._shutdown_since: float | None = None

    def watch(self, shutting_down: Callable[[], bool]) -> None:
        """Begin the drain soon after `shutting_down` returns True."""
        self._shutting_down = shutting_down

    def check(self) -> None:
        """Begin the drain, and interrupt the rest after the grace, if it is time. Call this a few times a second."""
        now = self._clock.monotonic()
        if self._shutdown_since is None and self._shutting_down():
            self._shutdown_since = now
        if self._shutdown_since is not None and now - self._shutdown_since >= _LAST_CONNECTIONS_S:
            self.begin()
        if self._deadline is not None and now >= self._deadline:
            self._admission.end_all("interrupted", 0.0)  # without waiting for them

    def begin(self) -> None:
        """Refuse new turns, and begin the grace period of those that run. Later calls do nothing."""
        if self._deadline is None:
            self._deadline = self._clock.monotonic() + self._grace_s
            self._admission.close()

    def end_grace(self) -> None:
        """End the grace period now."""
        self._deadline = self._clock.monotonic()
        self._admission.close()

    def finish(self) -> None:
        """Wait until every turn has ended and is committed."""
        self.begin()
        self._admission.wait_until_empty(self._remaining_s())
        self._admission.end_all("interrupted", _LAST_COMMITS_S)

    def _remaining_s(self) -> float:
        return 0.0 if self._deadline is None else max(0.0, self._deadline - self._clock.monotonic())
