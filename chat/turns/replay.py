"""Turns that have ended, told again: one copy of an answer for all who follow it at the same time."""

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
    """What is told of a turn that has ended. Shared by its followers, and gone with the last of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._marked: event_offsets.EndedTurn | None = None

    def load(self, ended: Callable[[], Ended | None]) -> bool:
        """Read it, unless that has been done. False where there is nothing to read."""
        with self._lock:
            if self._marked is None and (found := ended()) is not None:
                self._marked = event_offsets.EndedTurn(*found)
        return self._marked is not None

    def events(self, after: int) -> Iterator[Event]:
        return iter(()) if self._marked is None else self._marked.events(after)


class Replays:
    """Those that are being told at the moment. `ended` reads one from the database."""

    def __init__(self, ended: Callable[[int], Ended | None]) -> None:
        self._ended = ended
        self._shared: weakref.WeakValueDictionary[int, Replay] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()

    def of(self, turn_id: int) -> Replay | None:
        """The turn, to be told; None where it is gone. Raises StoreUnavailable."""
        with self._lock:
            replay = self._shared.get(turn_id)
            if replay is None:
                replay = self._shared[turn_id] = Replay()
        return replay if replay.load(lambda: self._ended(turn_id)) else None
