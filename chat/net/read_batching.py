"""Delayed reading: with many answers under way, a reader waits so that one read returns several tokens.

Waking a reader costs more than all other work for a token, whatever the amount of data; docs/performance.md has the
figures. With few answers under way, data is read as it arrives.
"""

from __future__ import annotations

BATCH_FROM = 25
_DELAY_EACH_S = 0.002
_DELAY_S = 0.15
# From 450 answers on, the worker reads 3,000 times a second, whatever their number.
_READS_PER_S = 3_000
MAX_DELAY_S = 0.5


def read_delay_s(reading: int) -> float:
    """Return the seconds that a reader should wait before its next read, with `reading` answers under way."""
    if reading < BATCH_FROM:
        return 0.0
    return min(MAX_DELAY_S, max(min(_DELAY_S, reading * _DELAY_EACH_S), reading / _READS_PER_S))
