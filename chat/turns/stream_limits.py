"""Limits on open streams: per turn and per worker."""

from __future__ import annotations

import collections
import threading
from collections.abc import Iterator

from chat.errors import LimitReached, Overloaded

MAX_FOLLOWERS_OF_TURN = 64


class StreamLimits:
    """One per worker. `limit` bounds the open streams of the worker."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._by_turn: collections.Counter[int] = collections.Counter()
        self._lock = threading.Lock()
        self.open = 0

    def check(self) -> None:
        """Raise Overloaded if the worker has no room for another stream."""
        if self.open >= self._limit:
            raise Overloaded("This server has as many streams open as it can; try again in a few seconds.")

    def is_full(self, turn_id: int) -> bool:
        """Return whether the turn has the maximum of followers."""
        return self._by_turn[turn_id] >= MAX_FOLLOWERS_OF_TURN

    def acquire(self, turn_id: int) -> None:
        """Count a new stream. Raises LimitReached if the turn has too many followers."""
        with self._lock:
            if self.is_full(turn_id):
                raise too_many_followers()
            self._by_turn[turn_id] += 1
            self.open += 1

    def release(self, turn_id: int) -> None:
        """Count a closed stream."""
        with self._lock:
            self.open -= 1
            self._by_turn[turn_id] -= 1
            if not self._by_turn[turn_id]:
                del self._by_turn[turn_id]


class CountedStream(Iterator[bytes]):
    """Iterator over `frames` that counts as a stream until it ends, is closed or is collected, even if never started.

    Raises LimitReached.
    """

    def __init__(self, frames: Iterator[bytes], limits: StreamLimits, turn_id: int) -> None:
        limits.acquire(turn_id)
        self._frames = frames
        self._limits: StreamLimits | None = limits
        self._turn_id = turn_id

    def __next__(self) -> bytes:
        try:
            return next(self._frames)
        except BaseException:
            self._release()
            raise

    def close(self) -> None:
        self._release()
        close = getattr(self._frames, "close", None)
        if close is not None:
            close()

    def __del__(self) -> None:
        self._release()

    def _release(self) -> None:
        limits, self._limits = getattr(self, "_limits", None), None
        if limits is not None:
            limits.release(self._turn_id)


def too_many_followers() -> LimitReached:
    """Return the error for a turn with the maximum of followers."""
    return LimitReached("too_many_followers", f"This turn has {MAX_FOLLOWERS_OF_TURN} followers already.")
