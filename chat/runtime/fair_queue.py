"""Queue of greenlets of a gevent worker that have used up their time slice.

One queue for all connections, whether to clients, models or data sources: with hundreds of busy connections, a slice
for each in every round of the loop would take seconds.
"""

from __future__ import annotations

import collections
import functools
import time

from gevent.hub import Waiter, get_hub

# Not 0: the loop would run timers of 0 s fifty times before it polls any socket.
_LEAST_PAUSE_S = 0.001
# Length of the pause for everything else, in multiples of the slice.
_PAUSE = 3

_LEAST_BYTES, _MOST_BYTES = 256, 1 << 20
_GROWTH = 8


SLICE_S = 0.002


class FairQueue:
    """FIFO queue of greenlets: `slice_s` for all of them together, then a pause. For one native thread only."""

    def __init__(self, slice_s: float) -> None:
        self._slice_s = slice_s
        self._hub = get_hub()
        self._timer = self._hub.loop.timer(_LEAST_PAUSE_S)
        self._queue: collections.deque[Waiter] = collections.deque()

    @property
    def is_contended(self) -> bool:
        """Return whether greenlets are waiting."""
        return bool(self._queue)

    def wait(self) -> None:
        """Return when it is the caller's turn."""
        waiter = Waiter(self._hub)
        self._queue.append(waiter)
        if not self._timer.active:
            self._schedule(_LEAST_PAUSE_S)
        try:
            waiter.get()
        except BaseException:
            if waiter in self._queue:  # the greenlet was killed
                self._queue.remove(waiter)
            raise

    def _schedule(self, seconds: float) -> None:
        self._timer.stop()
        self._timer = self._hub.loop.timer(seconds)
        # `update`, because the loop's time is that of the start of its round, which may be long ago.
        self._timer.start(self._run_slice, update=True)

    def _run_slice(self) -> None:
        """Switch to waiting greenlets, from the hub. Each works until it blocks."""
        began_at = time.monotonic()
        took_s = 0.0
        for _ in range(len(self._queue)):
            self._queue.popleft().switch(None)
            took_s = time.monotonic() - began_at
            if took_s >= self._slice_s:
                break
        if self._queue:
            self._schedule(max(_LEAST_PAUSE_S, _PAUSE * took_s))


@functools.cache
def for_this_worker() -> FairQueue:
    """Return the queue of this process, created at its first use, after the fork."""
    return FairQueue(SLICE_S)


def next_read_size(piece: int, size: int, took_s: float, slice_s: float) -> int:
    """Return the maximum size of the next read, if the last one (`size` of at most `piece` bytes) took `took_s`.

    Received bytes are parsed without a pause, and a few thousand bytes may contain a thousand chunks.
    """
    if took_s > slice_s:
        return max(_LEAST_BYTES, int(size * slice_s / took_s))
    if took_s < slice_s / _GROWTH:
        return min(_MOST_BYTES, piece * _GROWTH)
    return piece
