"""Turns as the database has them, read once for all who follow the same turn at the same time."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable

from chat.messages import Answer
from chat.runtime.clock import Clock
from chat.store.records import Turn
from chat.turns.event_offsets import StoredTurn

Read = Callable[[int], tuple[Turn, Answer, str] | None]


class SharedTurn:
    """One stored turn. Shared by its followers and released with the last of them."""

    def __init__(self, read: Callable[[], tuple[Turn, Answer, str] | None], poll_s: float, clock: Clock) -> None:
        self._read = read
        self._poll_s = poll_s
        self._clock = clock
        self._lock = threading.Lock()
        self._turn: StoredTurn | None = None
        self._read_at = 0.0

    def current(self) -> StoredTurn | None:
        """Return the turn, at most `poll_s` old if it is running, or None if it no longer exists.

        Raises StoreUnavailable.
        """
        with self._lock:
            if self._turn is None or not (self._turn.ended or self.next_poll_s > 0):
                self._turn, self._read_at = self._load(), self._clock.monotonic()
            return self._turn

    @property
    def next_poll_s(self) -> float:
        """Return the seconds until `current` reads a running turn again."""
        return self._read_at + self._poll_s - self._clock.monotonic()

    def _load(self) -> StoredTurn | None:
        stored = self._read()
        return None if stored is None else StoredTurn(*stored)


class StoredTurns:
    """The stored turns in use. `read` loads a turn from the database, a running one at most every `poll_s`."""

    def __init__(self, read: Read, poll_s: float, clock: Clock) -> None:
        self._read = read
        self._poll_s = poll_s
        self._clock = clock
        self._shared: weakref.WeakValueDictionary[int, SharedTurn] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()

    def share(self, turn_id: int) -> SharedTurn:
        """Return the turn that all its current followers share."""
        with self._lock:
            shared = self._shared.get(turn_id)
            if shared is None:
                shared = self._shared[turn_id] = SharedTurn(lambda: self._read(turn_id), self._poll_s, self._clock)
            return shared
