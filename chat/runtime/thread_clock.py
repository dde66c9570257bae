"""What the kernel counts for one thread: time spent waiting for a core, and voluntary context switches."""

from __future__ import annotations

import os
from typing import NamedTuple


class Lap(NamedTuple):
    """The counts since the lap before: seconds in the run queue, and switches because the thread had to wait."""

    queued_s: float
    switches: int


class ThreadClock:
    """Reader of a thread's counts in Linux's /proc; each is zero where the kernel does not keep it."""

    def __init__(self, native_id: int) -> None:
        folder = f"/proc/self/task/{native_id}"
        # Kept open: to read one costs 2 µs then.
        self._schedule = _open(f"{folder}/schedstat")
        self._status = _open(f"{folder}/status")
        self._queued_ns, self._switches = self._read()

    def lap(self) -> Lap:
        """Return the counts since the last call."""
        queued_ns, switches = self._read()
        lap = Lap((queued_ns - self._queued_ns) / 1e9, switches - self._switches)
        self._queued_ns, self._switches = queued_ns, switches
        return lap

    def close(self) -> None:
        for handle in (self._schedule, self._status):
            if handle is not None:
                os.close(handle)
        self._schedule = self._status = None

    def _read(self) -> tuple[int, int]:
        fields = _content(self._schedule).split()
        queued_ns = int(fields[1]) if len(fields) > 1 else 0
        _, _, rest = _content(self._status).partition(b"\nvoluntary_ctxt_switches:")
        return queued_ns, int(rest.split(None, 1)[0]) if rest else 0


def _open(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _content(handle: int | None) -> bytes:
    try:
        return b"" if handle is None else os.pread(handle, 4096, 0)
    except OSError:
        return b""
