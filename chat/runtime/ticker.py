"""The clock of a worker: calls that must happen every so often, and the lag of the loop that makes them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

# What may wait wakes at multiples of this: to wake a process that is idle costs more than most of what it does then.
TICK_S = 0.05


def to_tick(seconds: float) -> float:
    """How long to wait from now for the tick that is nearest to `seconds` from now; less than a tick stays as it is."""
    if seconds < TICK_S:
        return seconds
    now = time.monotonic()
    return round((now + seconds) / TICK_S) * TICK_S - now


class Ticker:
    """One thread that makes a call every `interval_s` until `stop`.

    `lag_ms` is how late the last ticks came, the worst of the last few seconds: under gevent that is how
    long something kept the loop, under threads how long the interpreter's lock was elsewhere. A call that
    raises is logged, and the ticker goes on.
    """

    def __init__(self, name: str, interval_s: float, call: Callable[[], object]) -> None:
        self._name = name
        self._interval_s = interval_s
        self._call = call
        self._stopping = threading.Event()
        self._lags: list[tuple[float, float]] = []
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it; returns when a call under way has ended."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    @property
    def lag_ms(self) -> float:
        return round(max((lag for _, lag in self._lags), default=0.0) * 1000, 1)

    def _run(self) -> None:
        due = time.monotonic() + to_tick(self._interval_s)
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            now = time.monotonic()
            self._lags = [entry for entry in self._lags if now - entry[0] < 5.0] + [(now, max(0.0, now - due))]
            try:
                self._call()
            except Exception:
                log.exception("%s failed once and goes on", self._name)
            due = time.monotonic() + to_tick(self._interval_s)
