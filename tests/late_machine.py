"""Tests that depend on times: a failure counts only if the machine was punctual."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

ATTEMPTS = 6
_PAUSE_S = 0.005
_LATE_S = 0.03
# Linux: the microseconds in which something waited for a processor.
_PRESSURE = Path("/proc/pressure/cpu")
_PRESSED = 0.1


class Punctuality:
    """Watches the machine during a block: `was_late` if a sleeper woke late, or something waited for a processor."""

    def __enter__(self) -> Punctuality:
        self._over = threading.Event()
        self._latest_s = 0.0
        self._began_at, self._waited_before_s = time.monotonic(), _waited_s()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        waited = (_waited_s() - self._waited_before_s) / (time.monotonic() - self._began_at)
        self.was_late = self._latest_s > _LATE_S or waited > _PRESSED

    def _watch(self) -> None:
        before = time.monotonic()
        while not self._over.wait(_PAUSE_S):
            now = time.monotonic()
            self._latest_s = max(self._latest_s, now - before - _PAUSE_S)
            before = now


def _waited_s() -> float:
    try:
        return int(_PRESSURE.read_text().splitlines()[0].rpartition("=")[2]) / 1e6
    except OSError:
        return 0.0


def repeated(test: Callable[..., None], watch: Callable[[], Any] = Punctuality) -> Callable[..., None]:
    """Return the test, repeated as long as it fails while the machine is late, at most `ATTEMPTS` times in all."""

    @functools.wraps(test)
    def attempts(*arguments: Any, **fixtures: Any) -> None:
        for left in reversed(range(ATTEMPTS)):
            machine = watch()
            try:
                with machine:
                    return test(*arguments, **fixtures)
            except AssertionError:
                if not left or not machine.was_late:
                    raise
        return None

    return attempts
