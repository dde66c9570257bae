"""How long a reader leaves what arrives unread, so that several tokens come together.

Waking a reader costs more than everything else that is done for a token, whatever there is to read: docs/performance.md
has the figures. With few answers under way each is read as it arrives.
"""

from __future__ import annotations

import collections
import time

GATHER_FROM = 25
_GATHER_S_EACH = 0.002
_GATHER_S = 0.15
# From 450 on the worker reads 3,000 times a second, however many they are: an event costs it some 80 µs all in all.
_READS_PER_S = 3_000
MAX_GATHER_S = 0.5
# Where so many answers begin in so many seconds, those that run wait for longer: who waits for his first words
# minds a moment more than who reads already.
_CROWD, _CROWD_WITHIN_S = 200, 0.5
_READS_PER_S_IN_A_CROWD = 750
MAX_GATHER_S_IN_A_CROWD = 0.75


class Gathering:
    """One worker's. `begun` is to be called for each answer that begins."""

    def __init__(self) -> None:
        self._begun: collections.deque[float] = collections.deque(maxlen=_CROWD)

    def begun(self) -> None:
        self._begun.append(time.monotonic())

    def pause_s(self, reading: int) -> float:
        """How long a reader may leave what arrives unread, with so many answers under way."""
        if reading < GATHER_FROM:
            return 0.0
        shortest_s = min(_GATHER_S, reading * _GATHER_S_EACH)
        if self._crowd():
            return min(MAX_GATHER_S_IN_A_CROWD, max(shortest_s, reading / _READS_PER_S_IN_A_CROWD))
        return min(MAX_GATHER_S, max(shortest_s, reading / _READS_PER_S))

    def _crowd(self) -> bool:
        return len(self._begun) == _CROWD and time.monotonic() - self._begun[0] < _CROWD_WITHIN_S
