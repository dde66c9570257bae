"""The kernel's counters of threads and cores: time on a core, time in the run queue, stolen time."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from typing import NamedTuple

# A foreign function that keeps the interpreter's lock: while it reads, no other thread can move on.
_libc = ctypes.PyDLL(None, use_errno=False)
_BYTES = 256
_STEAL_FIELD = 8


class Lap(NamedTuple):
    """The counts of a thread since the lap before; `arrivals` is how often a core began to run it."""

    cpu_s: float
    queued_s: float
    arrivals: int


class KernelFile:
    """A small file in /proc, opened once and read without releasing the interpreter's lock. Empty if it is missing."""

    def __init__(self, path: str) -> None:
        self._buffer = ctypes.create_string_buffer(_BYTES)
        try:
            self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._handle = -1

    def read(self) -> bytes:
        if self._handle < 0:
            return b""
        size = _libc.pread(self._handle, self._buffer, _BYTES, ctypes.c_long(0))
        return self._buffer.raw[: max(0, size)]

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1


class ThreadTimes:
    """Counts of a thread of this process."""

    def __init__(self, native_id: int) -> None:
        self._file = KernelFile(f"/proc/self/task/{native_id}/schedstat")
        self._last = self._read()

    @property
    def available(self) -> bool:
        """Return whether the kernel keeps these counts."""
        return self._last[2] > 0

    def lap(self) -> Lap:
        last, self._last = self._last, self._read()
        cpu_ns, queued_ns, arrivals = (now - before for now, before in zip(self._last, last, strict=True))
        return Lap(cpu_ns / 1e9, queued_ns / 1e9, arrivals)

    def close(self) -> None:
        self._file.close()

    def _read(self) -> tuple[int, int, int]:
        fields = self._file.read().split()
        return (int(fields[0]), int(fields[1]), int(fields[2])) if len(fields) >= 3 else (0, 0, 0)


class StolenTime:
    """Time in which the hypervisor ran something else, in seconds of all cores together."""

    # Reading it costs the kernel 0.1 ms.
    _EVERY_S = 0.5

    def __init__(self) -> None:
        self._file = KernelFile("/proc/stat")
        self._tick_s = 1 / os.sysconf("SC_CLK_TCK")
        self._mark = self._read()
        self._marked_at = time.monotonic()

    def mark(self, now: float) -> None:
        """Restart the count, unless it was restarted just before."""
        if now - self._marked_at >= self._EVERY_S:
            self._mark, self._marked_at = self._read(), now

    def since_mark_s(self) -> float:
        return (self._read() - self._mark) * self._tick_s

    def close(self) -> None:
        self._file.close()

    def _read(self) -> int:
        fields = self._file.read().split()
        return int(fields[_STEAL_FIELD]) if len(fields) > _STEAL_FIELD else 0


def lock_wait_s() -> float:
    """Return how long a thread waits for the interpreter's lock before it asks the holder and waits again."""
    return sys.getswitchinterval()
