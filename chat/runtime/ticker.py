"""Periodic calls of a worker, and the lag of the loop that makes them."""

from __future__ import annotations

import collections
import logging
import threading
import time
from collections.abc import Callable

from chat.runtime import threads

log = logging.getLogger(__name__)

# Waits end at multiples of this, because waking an idle process costs more than most periodic work.
TICK_S = 0.05
_LAGS_S = 5.0


def to_tick(seconds: float) -> float:
    """Return the seconds until the tick nearest to `seconds` from now. Less than a tick is returned unchanged."""
    if seconds < TICK_S:
        return seconds
    now = time.monotonic()
    return round((now + seconds) / TICK_S) * TICK_S - now


class Ticker:
    """Thread that makes a call every `interval_s` until `stop`.

    `lag_ms` is the largest delay of a tick in the last five seconds: under gevent how long the loop was blocked, in
    gthread workers how long the interpreter's lock was held elsewhere. A call that raises is logged, and the ticker
    continues.
    """

    def __init__(self, name: str, interval_s: float, call: Callable[[], object]) -> None:
        self._name = name
        self._interval_s = interval_s
        self._call = call
        self._stopping = threading.Event()
        # Times of ticks, and how late they were.
        self._lags: collections.deque[tuple[float, float]] = collections.deque()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threads.start_joinable(self._name, self._run)

    def stop(self) -> None:
        """Stop the thread and wait for a call in progress."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    @property
    def lag_ms(self) -> float:
        return round(max((lag for _, lag in list(self._lags)), default=0.0) * 1000, 1)

    def _run(self) -> None:
        due = time.monotonic() + to_tick(self._interval_s)
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            now = time.monotonic()
            self._lags.append((now, max(0.0, now - due)))
            while now - self._lags[0][0] >= _LAGS_S:
                self._lags.popleft()
            try:
                self._call()
            except Exception:
                log.exception("%s failed once and continues", self._name)
            due = time.monotonic() + to_tick(self._interval_s)
