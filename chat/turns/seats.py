"""How many may listen: to one turn, and to all the turns of a worker together."""

from __future__ import annotations

import collections
import threading
from collections.abc import Iterator

from chat.errors import LimitReached, Overloaded

FOLLOWERS_OF_TURN = 64


class Seats:
    """One for each worker; `limit` is how many streams it may have open."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken: collections.Counter[int] = collections.Counter()
        self._lock = threading.Lock()
        self.open = 0

    def check(self) -> None:
        """Raise Overloaded where a further stream would be too many."""
        if self.open >= self._limit:
            raise Overloaded("This server has as many streams open as it can; try again in a few seconds.")

    def full(self, turn_id: int) -> bool:
        return self._taken[turn_id] >= FOLLOWERS_OF_TURN

    def take(self, turn_id: int) -> None:
        """Raises LimitReached."""
        with self._lock:
            if self.full(turn_id):
                raise too_many_followers()
            self._taken[turn_id] += 1
            self.open += 1

    def leave(self, turn_id: int) -> None:
        with self._lock:
            self.open -= 1
            self._taken[turn_id] -= 1
            if not self._taken[turn_id]:
                del self._taken[turn_id]


class Seated(Iterator[bytes]):
    """`frames` for somebody who has a seat until they end, are closed or forgotten, even if never begun."""

    def __init__(self, frames: Iterator[bytes], seats: Seats, turn_id: int) -> None:
        seats.take(turn_id)
        self._frames = frames
        self._seats: Seats | None = seats
        self._turn_id = turn_id

    def __next__(self) -> bytes:
        try:
            return next(self._frames)
        except BaseException:
            self._leave()
            raise

    def close(self) -> None:
        self._leave()
        close = getattr(self._frames, "close", None)
        if close is not None:
            close()

    def __del__(self) -> None:
        self._leave()

    def _leave(self) -> None:
        seats, self._seats = getattr(self, "_seats", None), None
        if seats is not None:
            seats.leave(self._turn_id)


def too_many_followers() -> LimitReached:
    return LimitReached("too_many_followers", f"This turn has {FOLLOWERS_OF_TURN} followers already.")
