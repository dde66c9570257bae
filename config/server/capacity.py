"""Free thread slots for turns of each worker, in a table in shared memory.

A gthread worker without a free slot leaves new connections to the workers that have one. A turn that it has already
accepted may use one of theirs.
"""

from __future__ import annotations

import mmap
import os
import struct
from typing import Any

from config.server.processes import is_alive

_ROWS = 512
_ROW = struct.Struct("<ii")
# Created in the master and inherited by the workers.
_table = mmap.mmap(-1, _ROWS * _ROW.size)


def assign_row(server: Any, worker: Any) -> None:
    """Give `worker` its own row. Called in the master before the fork."""
    taken = {getattr(other, "capacity_row", -1) for other in server.WORKERS.values()}
    worker.capacity_row = next((row for row in range(_ROWS) if row not in taken), _ROWS - 1)
    _ROW.pack_into(_table, worker.capacity_row * _ROW.size, 0, 0)


def publish(row: int, free: int) -> None:
    """Publish the number of free slots of this worker; negative if it runs more turns than it has slots."""
    _ROW.pack_into(_table, row * _ROW.size, os.getpid(), free)


def free_elsewhere(row: int) -> int:
    """Return the sum of free slots of the other live workers; negative if they run too many turns."""
    rows = enumerate(_ROW.iter_unpack(_table[:]))
    return sum(free for other, (pid, free) in rows if free and other != row and is_alive(pid))
