"""Delayed reading: with many answers under way, a reader waits so that one read returns several tokens.

Waking a reader costs more than all other work for a token, whatever the amount of data; docs/performance.md has the
figures. With few answers under way, data is read as it arrives.
"""

from __future__ import annotations

import collections

from chat.runtime.clock import MACHINE_CLOCK, Clock

BATCH_FROM = 25
_DELAY_EACH_S = 0.002
_DELAY_S = 0.15
# From 450 answers on, the worker reads 3,000 times a second, whatever their number.
_READS_PER_S = 3_000
MAX_DELAY_S = 0.5
# While this many answers begin within this many seconds, running answers are delayed longer: a user who waits for
# the first word notices a delay sooner than a user who already reads.
_BURST, _BURST_WITHIN_S = 200, 0.5
_READS_PER_S_IN_BURST = 750
MAX_DELAY_IN_BURST_S = 0.75


class ReadBatcher:
    """Read delays of one worker. Call `response_started` for each answer that begins."""

    def __init__(self, clock: Clock = MACHINE_CLOCK) -> None:
        self._clock = clock
        self._started_at: collections.deque[float] = collections.deque(maxlen=_BURST)

    def response_started(self) -> None:
        """Count an answer that begins."""
        self._started_at.append(self._clock.monotonic())

    def read_delay_s(self, reading: int) -> float:
        """Return the seconds that a reader should wait before its next read, with `reading` answers under way."""
        if reading < BATCH_FROM:
            return 0.0
        delay_s = min(_DELAY_S, reading * _DELAY_EACH_S)
        if self._is_burst():
            return min(MAX_DELAY_IN_BURST_S, max(delay_s, reading / _READS_PER_S_IN_BURST))
        return min(MAX_DELAY_S, max(delay_s, reading / _READS_PER_S))

    def _is_burst(self) -> bool:
        return len(self._started_at) == _BURST and self._clock.monotonic() - self._started_at[0] < _BURST_WITHIN_S
