"""Replay of ended turns: concurrent followers share one copy of the answer."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator

from chat.events.contract import Event
from chat.messages import Answer
from chat.store.records import Turn
from chat.turns import event_offsets

Ended = tuple[Turn, Answer, str]


class Replay:
    """The events of one ended turn. Shared by its followers and released with the last of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended_turn: event_offsets.EndedTurn | None = None

    def load(self, read: Callable[[], Ended | None]) -> bool:
        """Read the turn once. Return False if it does not exist."""
        with self._lock:
            if self._ended_turn is None and (ended := read()) is not None:
                self._ended_turn = event_offsets.EndedTurn(*ended)
        return self._ended_turn is not None

    def events(self, after: int) -> Iterator[Event]:
        """Return the events with a number above `after`."""
        return iter(()) if self._ended_turn is None else self._ended_turn.events(after)


class Replays:
    """The replays in use. `read` loads an ended turn from the database."""

    def __init__(self, read: Callable[[int], Ended | None]) -> None:
        self._read = read
        self._shared: weakref.WeakValueDictionary[int, Replay] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()

    def of(self, turn_id: int) -> Replay | None:
        """Return the replay of a turn, or None if it no longer exists. Raises StoreUnavailable."""
        with self._lock:
            replay = self._shared.get(turn_id)
            if replay is None:
                replay = self._shared[turn_id] = Replay()
        return replay if replay.load(lambda: self._read(turn_id)) else None
