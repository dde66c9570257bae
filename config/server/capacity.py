"""Free thread slots and waiting turns of each worker, in a table in shared memory.

A gthread worker without a free slot leaves new connections to the workers that have one. A turn that it has already
accepted may use one of theirs.
"""

from __future__ import annotations

import mmap
import os
import struct
from typing import Any

from config.server.processes import is_alive

ROWS = 512
_ROW = struct.Struct("<iii")
# Created in the master and inherited by the workers.
_table = mmap.mmap(-1, ROWS * _ROW.size)


def assign_row(server: Any, worker: Any) -> None:
    """Give `worker` its own row. Called in the master before the fork."""
    used_rows = {getattr(other, "capacity_row", -1) for other in server.WORKERS.values()}
    worker.capacity_row = next((row for row in range(ROWS) if row not in used_rows), ROWS - 1)
    _ROW.pack_into(_table, worker.capacity_row * _ROW.size, 0, 0, 0)


def publish(row: int, free: int, waiting: int = 0) -> None:
    """Publish the number of free slots of this worker, negative if it runs more turns than it has slots.

    `waiting` is the number of turns in its queue.
    """
    _ROW.pack_into(_table, row * _ROW.size, os.getpid(), free, waiting)


def free_elsewhere(row: int) -> int:
    """Return the sum of free slots of the other live workers; negative if they run too many turns."""
    rows = enumerate(_ROW.iter_unpack(_table[:]))
    return sum(free for other, (pid, free, _) in rows if free and other != row and is_alive(pid))


def waiting() -> int:
    """Return the sum of the turns that wait for a slot in all live workers."""
    return sum(waiting for pid, _, waiting in _ROW.iter_unpack(_table[:]) if waiting and is_alive(pid))
