"""What the endpoint taught about its models: the options that one lacks, and how much of a conversation it takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

# An endpoint that was upgraded has its tools back after a while.
REMEMBERED_S = 6 * 3600.0
# How long a model that refused for a reason of its own is not suspected again to lack an option.
_NOT_GUESSED_S = 600.0
_MAX_MODELS = 1000


@dataclass(frozen=True, slots=True)
class Habit:
    """One model's. `room` is in characters; `guess` is whether a refusal without a name may be because of an option."""

    lacks: frozenset[str] = frozenset()
    room: int | None = None
    guess: bool = True


@dataclass(frozen=True, slots=True)
class _Kept:
    habit: Habit
    until: float
    no_guess_until: float = 0.0


class Habits:
    """Of one endpoint's models, in one process, for some hours. Safe to use from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def of(self, model: str) -> Habit:
        kept, now = self._kept.get(model), self._clock()
        if kept is None:
            return Habit()
        habit = kept.habit if now < kept.until else Habit()
        return replace(habit, guess=now >= kept.no_guess_until)

    def learn(self, model: str, lacks: Iterable[str] = (), room: int | None = None) -> frozenset[str]:
        """Add what a request that succeeded went without; returns the options that are news."""
        known = self.of(model)
        fresh = frozenset(lacks) - known.lacks
        if fresh or (room is not None and room != known.room):
            self._keep(model, _Kept(Habit(known.lacks | fresh, known.room if room is None else room), self._until()))
        return fresh

    def do_not_guess(self, model: str) -> None:
        """The model refused for a reason that no option had to do with."""
        known = self._kept.get(model) or _Kept(Habit(), self._until())
        self._keep(model, replace(known, no_guess_until=self._clock() + _NOT_GUESSED_S))

    def _until(self) -> float:
        return self._clock() + REMEMBERED_S

    def _keep(self, model: str, kept: _Kept) -> None:
        with self._lock:
            self._kept.pop(model, None)
            self._kept[model] = kept
            while len(self._kept) > _MAX_MODELS:
                del self._kept[next(iter(self._kept))]
