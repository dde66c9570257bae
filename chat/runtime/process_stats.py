"""Memory, file descriptors and threads of this process, read cheaply from Linux's /proc."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chat.runtime import mode

_PAGE = resource.getpagesize()
# The kernel walks all mappings for the proportional size, which takes milliseconds, so it is not in each report.
_PSS_EVERY_S = 10.0


class ProcessStats:
    """Statistics of this process. Create it in the worker, after the fork."""

    def __init__(self) -> None:
        self._pss = (0.0, 0)
        self._greenlets: Callable[[], int] = mode.count_greenlets()

    def figures(self) -> dict[str, Any]:
        """Return `rss_bytes`, `pss_bytes` (at most ten seconds old), `fds`, `threads` (native) and `greenlets`."""
        return {
            "greenlets": self._greenlets(),
            "threads": _native_threads(),
            "fds": _descriptors(),
            "rss_bytes": resident_bytes(),
            "pss_bytes": self._proportional(),
        }

    def _proportional(self) -> int:
        measured_at, value = self._pss
        now = time.monotonic()
        if not measured_at or now - measured_at > _PSS_EVERY_S:
            value = _field("/proc/self/smaps_rollup", "Pss:") * 1024
            self._pss = (now, value)
        return value


def resident_bytes() -> int:
    """Return the resident memory of this process."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except OSError:  # not Linux: the peak is the next best thing
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _descriptors() -> int:
    folder = Path("/proc/self/fd")
    try:
        # Linux 6.2 and later give their number as the folder's size, at once: a list of thousands takes milliseconds.
        return folder.stat().st_size or len(os.listdir(folder))  # noqa: PTH208 - names are enough
    except OSError:
        return 0


def _native_threads() -> int:
    return _field("/proc/self/status", "Threads:")


def _field(path: str, name: str) -> int:
    """Return the number after `name` in a /proc file of `name  number unit` lines; 0 if there is no such file."""
    try:
        with open(path, encoding="ascii", errors="replace") as lines:  # noqa: PTH123 - pathlib reads it whole
            for line in lines:
                if line.startswith(name):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0
