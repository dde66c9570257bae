"""Somebody who asks /healthz again and again, and how long that takes."""

from __future__ import annotations

import threading
import time

from scripts.chaos.connection import Address, Dropped, Refused

_LOOK_S = 0.02


class Watch:
    """Asks /healthz again and again. A context manager."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._times: list[float] = []
        self.failures: list[str] = []

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def p99_s(self) -> float:
        times = sorted(self._times)
        return times[int(len(times) * 0.99)] if times else float("inf")

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_S):
            since = time.monotonic()
            try:
                self._address.ask("GET", "/healthz")
            except (Dropped, Refused) as error:
                self.failures.append(str(error))
            self._times.append(time.monotonic() - since)
