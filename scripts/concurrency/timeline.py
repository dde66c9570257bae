"""The times of one request (`time.monotonic()`, in seconds)."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from scripts.concurrency.errors import Failure


@dataclass
class Timeline:
    """One request. A time is None if the event did not happen, or not yet."""

    user: int = 0  # the user's number, from 0
    round: int = 0  # the number of the turn in the user's conversation, from 0
    planned: float | None = None  # the intended start, also if the check itself was late
    sent: float | None = None
    turn: float | None = None  # accepted: the first event
    worked: float | None = None  # the first sign of work
    first_token: float | None = None
    last_token: float | None = None
    done: float | None = None  # only of an answer that is whole
    ended: float | None = None  # for whatever reason
    token_times: array[float] = field(default_factory=lambda: array("d"))
    size: int = 0  # bytes of text, roughly
    tokens: int | None = None  # as the server counts them
    model_calls: int = 1
    about: dict[str, Any] = field(default_factory=dict)  # the data of `turn`
    timings: dict[str, float] = field(default_factory=dict)  # the server's own, in ms
    lasted_s: float | None = None  # from `turn` to `done`, as the server says
    failure: Failure | None = None

    @property
    def start(self) -> float | None:
        """The intended start."""
        return self.sent if self.planned is None else self.planned

    @property
    def late_s(self) -> float | None:
        """Return the delay of the check itself: from the intended start to sending."""
        return _between(self.start, self.sent)

    @property
    def first_event_s(self) -> float | None:
        """Return the time from sending to the first event."""
        return _between(self.sent, self.turn)

    @property
    def wait_s(self) -> float | None:
        """Return the time from the intended start to `turn`."""
        return _between(self.start, self.turn)

    @property
    def first_token_s(self) -> float | None:
        """Return the time from the intended start to the first token."""
        return _between(self.start, self.first_token)

    @property
    def response_s(self) -> float | None:
        """Return the time from `turn` to `done`."""
        return _between(self.turn, self.done)

    @property
    def total_s(self) -> float | None:
        """Return the time from the intended start to `done`."""
        return _between(self.start, self.done)

    @property
    def gaps(self) -> list[float]:
        """Return the times between consecutive pieces of text."""
        return [later - earlier for earlier, later in pairwise(self.token_times)]

    @property
    def largest_gap_s(self) -> float | None:
        """Return the longest pause within the text."""
        return max(self.gaps, default=None)

    def token(self, now: float, size: int) -> None:
        """Record a piece of text."""
        if self.first_token is None:
            self.first_token = now
        self.last_token = now
        self.token_times.append(now)
        self.size += size

    def work(self, now: float) -> None:
        """Record a sign that the turn is being worked on, not only accepted."""
        if self.worked is None:
            self.worked = now

    def fail(self, failure: Failure, now: float) -> None:
        """Record that there will be no whole answer."""
        self.failure, self.ended = failure, now


def _between(earlier: float | None, later: float | None) -> float | None:
    return None if earlier is None or later is None else later - earlier
