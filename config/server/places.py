"""How many turns each worker of a server could still take: a table in memory that they share.

A thread worker that has no place left leaves newcomers to the others, as long as there is one that has; a turn that it
has taken in already has one of theirs.
"""

from __future__ import annotations

import mmap
import os
import struct
from typing import Any

_SLOTS = 512
_SLOT = struct.Struct("<ii")
# Made in the master, for the workers to inherit.
_table = mmap.mmap(-1, _SLOTS * _SLOT.size)


def assign(server: Any, worker: Any) -> None:
    """Give `worker` a slot of its own, in the master, before it is forked."""
    taken = {getattr(other, "slot", -1) for other in server.WORKERS.values()}
    worker.slot = next((slot for slot in range(_SLOTS) if slot not in taken), _SLOTS - 1)
    _SLOT.pack_into(_table, worker.slot * _SLOT.size, 0, 0)


def tell(slot: int, free: int) -> None:
    """Say how many places this worker has left; below 0, how many more turns than its own places it has."""
    _SLOT.pack_into(_table, slot * _SLOT.size, os.getpid(), free)


def elsewhere(slot: int) -> int:
    """Return how many places the other workers that live have left together; below 0 where they have too many turns."""
    told = enumerate(_SLOT.iter_unpack(_table[:]))
    return sum(free for other, (pid, free) in told if free and other != slot and _alive(pid))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
