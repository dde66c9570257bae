"""What the loop of a gevent worker has left for connections that have used up a slice: one queue for all of them.

Clients, models and data sources alike.

A slice for each of them in every round of the loop would be seconds, where hundreds are busy.
"""

from __future__ import annotations

import collections
import functools
import time

from gevent.hub import Waiter, get_hub

# Not 0: the loop comes back to what waits for no time fifty times before it looks at any socket.
_LEAST_PAUSE_S = 0.001
# How many times longer than their slice the loop then has for everybody else.
_PAUSE = 3

_LEAST_BYTES, _MOST_BYTES = 256, 1 << 20
_GROWTH = 8


SLICE_S = 0.002


class FairQueue:
    """Greenlets that wait for it take turns: `slice_s` for all of them, then a pause. Not for several threads."""

    def __init__(self, slice_s: float) -> None:
        self._slice_s = slice_s
        self._hub = get_hub()
        self._timer = self._hub.loop.timer(_LEAST_PAUSE_S)
        self._queue: collections.deque[Waiter] = collections.deque()

    @property
    def is_contended(self) -> bool:
        """Whether somebody waits for it."""
        return bool(self._queue)

    def wait(self) -> None:
        """Return when it is the caller's turn."""
        waiter = Waiter(self._hub)
        self._queue.append(waiter)
        if not self._timer.active:
            self._attend_after(_LEAST_PAUSE_S)
        try:
            waiter.get()
        except BaseException:
            if waiter in self._queue:  # the greenlet was killed
                self._queue.remove(waiter)
            raise

    def _attend_after(self, seconds: float) -> None:
        self._timer.stop()
        self._timer = self._hub.loop.timer(seconds)
        # The loop's own time is that of the beginning of its round, which may be long ago.
        self._timer.start(self._attend, update=True)

    def _attend(self) -> None:
        """In the hub: who is woken works until it waits, for another turn or for anything else."""
        began = time.monotonic()
        took_s = 0.0
        for _ in range(len(self._queue)):
            self._queue.popleft().switch(None)
            took_s = time.monotonic() - began
            if took_s >= self._slice_s:
                break
        if self._queue:
            self._attend_after(max(_LEAST_PAUSE_S, _PAUSE * took_s))


@functools.cache
def for_this_worker() -> FairQueue:
    """The one of this process, from its first use on; after a fork that is."""
    return FairQueue(SLICE_S)


def next_read_size(piece: int, size: int, took_s: float, slice_s: float) -> int:
    """How many bytes to take at most, after at most `piece` and in fact `size` of them were `took_s` of work.

    What has been taken is parsed without a pause, and a few thousand bytes may be a thousand chunks.
    """
    if took_s > slice_s:
        return max(_LEAST_BYTES, int(size * slice_s / took_s))
    if took_s < slice_s / _GROWTH:
        return min(_MOST_BYTES, piece * _GROWTH)
    return piece
