"""Delayed reading: with many answers under way, a reader waits so that one read returns several tokens.

Waking a reader costs more than all other work for a token, whatever the amount of data; docs/performance.md has the
figures. With few answers under way, data is read as it arrives.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

BATCH_FROM = 25
_DELAY_EACH_S = 0.002
_DELAY_S = 0.15
# From 450 answers on, the worker reads 3,000 times a second, whatever their number.
_READS_PER_S = 3_000
MAX_DELAY_S = 0.5

# In a rush, when so many answers begin within so many seconds, the worker reads less often: those who wait for their
# first words need its time more than those who are reading already.
RUSH, RUSH_S = 100, 0.5
_READS_PER_S_IN_A_RUSH = 750
MAX_DELAY_IN_A_RUSH_S = 1.0


class ReadBatching:
    """The delay of reads, by the number of answers under way and of those that have just begun. One per client."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._recent_starts: deque[float] = deque(maxlen=RUSH)

    def answer_began(self) -> None:
        """Note that an answer begins."""
        self._recent_starts.append(self._monotonic())

    def delay_s(self, reading: int) -> float:
        """Return the seconds that a reader should wait before its next read, with `reading` answers under way."""
        if reading < BATCH_FROM:
            return 0.0
        delay_s = min(_DELAY_S, reading * _DELAY_EACH_S)
        if self._in_a_rush():
            return min(MAX_DELAY_IN_A_RUSH_S, max(delay_s, reading / _READS_PER_S_IN_A_RUSH))
        return min(MAX_DELAY_S, max(delay_s, reading / _READS_PER_S))

    def _in_a_rush(self) -> bool:
        starts = self._recent_starts
        return len(starts) == RUSH and self._monotonic() - starts[0] < RUSH_S
