"""Counters of one worker, in a row of memory that the server's other workers can read.

A record is the length of its key, the key, and the value as a double. Records are appended and never removed. One
process writes a row; a reader may see the values of different moments, but never half a value.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from chat.runtime import mode
from config.server.metric_rows import Row

# Family, values of its labels, and, for a histogram, the upper bound of a bucket or "sum".
Key = tuple[str, ...]

_SEPARATOR = "\x1f"
_LENGTH = struct.Struct("<q")
_VALUE_BYTES = 8


class Counters:
    """Counters by key, in `row`. Safe to use from any thread, also a native one. An addition takes under 1 µs."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self._values = row.content.cast("d")
        # A native lock, because the watch of a blocked loop counts in a native thread. Nothing yields while it is held.
        self._lock = mode.native_lock()
        self._places: dict[Key, int] = {}
        for key, place in _records(row):
            self._places[key] = place

    def add(self, key: Key, amount: float = 1.0) -> None:
        """Add `amount` to a counter, which begins at 0. A key that no longer fits into the row is ignored."""
        with self._lock:
            place = self._places.get(key)
            if place is None:
                place = self._append(key)
            if place >= 0:
                self._values[place] += amount

    def __contains__(self, key: Key) -> bool:
        return key in self._places

    def _append(self, key: Key) -> int:
        text = _SEPARATOR.join(key).encode()
        begin = self._row.used
        value_at = begin + _LENGTH.size + _padded(len(text))
        if value_at + _VALUE_BYTES > len(self._row.content):
            return -1
        _LENGTH.pack_into(self._row.content, begin, len(text))
        self._row.content[begin + _LENGTH.size : begin + _LENGTH.size + len(text)] = text
        self._places[key] = place = value_at // _VALUE_BYTES
        self._values[place] = 0.0
        self._row.used = value_at + _VALUE_BYTES  # last, so that a reader sees whole records
        return place


def totals(rows: Iterable[Row]) -> dict[Key, float]:
    """Return the sums of all counters over `rows`."""
    sums: dict[Key, float] = {}
    for row in rows:
        values = row.content.cast("d")
        for key, place in _records(row):
            sums[key] = sums.get(key, 0.0) + values[place]
    return sums


def _records(row: Row) -> Iterable[tuple[Key, int]]:
    """Yield each key of a row and the place of its value, counted in doubles."""
    content, at, used = row.content, 0, row.used
    while at < used:
        (length,) = _LENGTH.unpack_from(content, at)
        key = bytes(content[at + _LENGTH.size : at + _LENGTH.size + length]).decode()
        value_at = at + _LENGTH.size + _padded(length)
        yield tuple(key.split(_SEPARATOR)), value_at // _VALUE_BYTES
        at = value_at + _VALUE_BYTES


def _padded(length: int) -> int:
    """Return `length` rounded up to whole doubles."""
    return -(-length // _VALUE_BYTES) * _VALUE_BYTES
