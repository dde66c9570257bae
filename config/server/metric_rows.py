"""Shared memory for the workers' counters: one row for each worker, created in the master and inherited by the forks.

A row belongs to one worker at a time. The next worker with the same row continues its counters, so their sum over all
rows never decreases while the master lives: not when a worker is killed, and not in a reload or a switch. There are no
files, so a full disk cannot harm a worker, and nothing grows with the number of workers that have ended.
"""

from __future__ import annotations

import mmap
import struct

from config.server.capacity import ROWS

ROW_BYTES = 64 * 1024
_USED = struct.Struct("<q")
# The number of used bytes of each row comes first, so that a reader touches only the rows in use.
_ROWS_BEGIN = -(-ROWS * _USED.size // mmap.PAGESIZE) * mmap.PAGESIZE
_memory = mmap.mmap(-1, _ROWS_BEGIN + ROWS * ROW_BYTES)
_own_row: list[int] = []
# Workers beyond the table share the last row, so nothing can be counted there.
_SHARED_ROW = ROWS - 1


class Row:
    """Bytes of one worker, of which the first `used` are filled."""

    def __init__(self, used: memoryview, content: memoryview) -> None:
        self._used = used
        self.content = content

    @property
    def used(self) -> int:
        """Return the number of filled bytes."""
        return int(_USED.unpack_from(self._used)[0])

    @used.setter
    def used(self, number: int) -> None:
        _USED.pack_into(self._used, 0, number)


def private_row() -> Row:
    """Return a row that no other process sees."""
    return Row(memoryview(bytearray(_USED.size)), memoryview(bytearray(ROW_BYTES)))


def use(row: int) -> None:
    """Make `row` the row of this process. Called in a worker after the fork."""
    _own_row[:] = [row] if row != _SHARED_ROW else []


def take_own() -> Row | None:
    """Return the row of this worker, once, because a row has one writer. None in a process that is no worker."""
    return _row(_own_row.pop()) if _own_row else None


def filled() -> list[Row]:
    """Return the rows of all workers of this server, present and past, that have counted anything."""
    return [_row(number) for number in range(ROWS) if _USED.unpack_from(_memory, number * _USED.size)[0]]


def _row(number: int) -> Row:
    memory = memoryview(_memory)
    used, begin = number * _USED.size, _ROWS_BEGIN + number * ROW_BYTES
    return Row(memory[used : used + _USED.size], memory[begin : begin + ROW_BYTES])
