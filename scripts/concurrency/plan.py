"""The plan of a load: start times and questions. Times in seconds from the start of the load."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Load of `users` users.

    Without `rate` they all start at once, or evenly over `ramp_s`. With it they start as a Poisson process of so many a
    second; with `duration_s` as well, starts go on for that long, and each is made by the first user who is free.
    Without `rate`, `duration_s` makes each user ask again until that time.
    """

    users: int
    prompts: tuple[str, ...]
    ramp_s: float = 0.0
    rate: float = 0.0
    seed: int = 1
    duration_s: float = 0.0
    turns: int = 1
    think_s: float = 0.0

    def starts(self) -> Iterator[float]:
        """Yield the intended starts in order."""
        if not self.rate:
            yield from (number * self.ramp_s / self.users for number in range(self.users))
            return
        chance, at, number = random.Random(self.seed), 0.0, 0
        while True:
            at += chance.expovariate(self.rate)
            number += 1
            if at > self.duration_s if self.duration_s else number > self.users:
                return
            yield at

    def asks_again(self, turns: int, now: float) -> bool:
        """Return whether a user who has had so many turns asks another at `now`."""
        if self.duration_s and not self.rate:
            return now < self.duration_s
        return turns < self.turns

    def prompt(self, number: int) -> str:
        """Return the question of a request, by its number."""
        return self.prompts[number % len(self.prompts)]

    def describe(self) -> str:
        """Return the plan as the end of a sentence."""
        parts = [self._arrival()]
        if self.turns > 1:
            parts.append(f"{self.turns} turns each")
        if self.think_s and (self.turns > 1 or self.duration_s):
            parts.append(f"{self.think_s:g}s between turns")
        return ", ".join(parts)

    def _arrival(self) -> str:
        if self.rate:
            return f"{self.rate:g} starts a second" + (f" for {self.duration_s:g}s" if self.duration_s else "")
        at_once = f"over {self.ramp_s:g}s" if self.ramp_s else "all at once"
        return at_once + (f", again and again for {self.duration_s:g}s" if self.duration_s else "")
