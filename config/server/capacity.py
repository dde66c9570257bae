"""How many turns each worker of a server could still take: a table in memory that they share.

A thread worker that has no place left leaves newcomers to the others, as long as there is one that has; a turn that it
has taken in already has one of theirs.
"""

from __future__ import annotations

import mmap
import os
import struct
from typing import Any

_ROWS = 512
_ROW = struct.Struct("<ii")
# Made in the master, for the workers to inherit.
_table = mmap.mmap(-1, _ROWS * _ROW.size)


def assign_row(server: Any, worker: Any) -> None:
    """Give `worker` a row of its own, in the master, before it is forked."""
    taken = {getattr(other, "capacity_row", -1) for other in server.WORKERS.values()}
    worker.capacity_row = next((row for row in range(_ROWS) if row not in taken), _ROWS - 1)
    _ROW.pack_into(_table, worker.capacity_row * _ROW.size, 0, 0)


def publish(row: int, free: int) -> None:
    """Say how many places this worker has left; below 0, how many more turns than its own places it has."""
    _ROW.pack_into(_table, row * _ROW.size, os.getpid(), free)


def free_elsewhere(row: int) -> int:
    """Return how many places the other workers that live have left together; below 0 where they have too many turns."""
    told = enumerate(_ROW.iter_unpack(_table[:]))
    return sum(free for other, (pid, free) in told if free and other != row and _alive(pid))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
