"""What was asked a moment ago is not asked again, and what is being asked is asked once.

Figures that many conversations want are fetched by one of them while the others wait. Knows nothing of what
it keeps.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from chat.tools.http import SourceUnavailable

Value = TypeVar("Value")

# Longer than any fetch is allowed to take: this bound is for what no time limit of a socket covers, such as
# a name server that is silent.
WAIT_S = 17.0


@dataclass(frozen=True, slots=True)
class _Failure:
    """A SourceUnavailable as it is kept: the exception refers to all that was at work when it was raised."""

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True)
class _Outcome(Generic[Value]):
    """A value, or the failure to get one."""

    value: Value | None
    failure: _Failure | None

    def take(self) -> Value:
        if self.failure is not None:
            raise SourceUnavailable(self.failure.message, self.failure.status)
        return self.value  # type: ignore[return-value]  # no failure, so there is a value


class _Flight(Generic[Value]):
    """A fetch under way, and everybody who waits for it."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.outcome: _Outcome[Value] | None = None


class Cache(Generic[Value]):
    """Keeps up to `limit` values for `ttl_s` seconds, and failures for `failure_ttl_s`. For many threads at once.

    A fetch runs in a thread of its own, so it goes on when the one who asked first is gone, and nobody waits
    longer than `wait_s` for it.
    """

    def __init__(
        self,
        ttl_s: float,
        *,
        failure_ttl_s: float = 10.0,
        limit: int = 256,
        wait_s: float = WAIT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ttl_s = ttl_s
        self._failure_ttl_s = failure_ttl_s
        self._limit = limit
        self._wait_s = wait_s
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[float, _Outcome[Value]]] = OrderedDict()
        self._flights: dict[Hashable, _Flight[Value]] = {}

    def get(self, key: Hashable, fetch: Callable[[], Value]) -> Value:
        """The value kept for `key`, or what `fetch` returns. Raises SourceUnavailable, as `fetch` may."""
        with self._lock:
            outcome = self._look_up(key)
            flight = self._flights.get(key)
            starting = outcome is None and flight is None
            if flight is None:
                flight = _Flight()
            if starting:
                self._flights[key] = flight
        if outcome is not None:
            return outcome.take()
        if starting:
            self._start(key, fetch, flight)
        if not flight.done.wait(self._wait_s) or flight.outcome is None:
            raise SourceUnavailable("The source did not answer in time.")
        return flight.outcome.take()

    def _look_up(self, key: Hashable) -> _Outcome[Value] | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        expires, outcome = kept
        if self._clock() >= expires:
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return outcome

    def _start(self, key: Hashable, fetch: Callable[[], Value], flight: _Flight[Value]) -> None:
        try:
            threading.Thread(target=self._fly, args=(key, fetch, flight), name="fetch", daemon=True).start()
        except RuntimeError:  # no thread to be had
            self._land(key, flight, _Outcome(None, _Failure("This server is too busy to ask the source.")))

    def _fly(self, key: Hashable, fetch: Callable[[], Value], flight: _Flight[Value]) -> None:
        # Should `fetch` raise what it must not, the waiting are told and the thread reports the fault.
        outcome: _Outcome[Value] = _Outcome(None, _Failure("The source's answer could not be used."))
        try:
            outcome = _Outcome(fetch(), None)
        except SourceUnavailable as failure:
            outcome = _Outcome(None, _Failure(failure.message, failure.status))
        finally:
            self._land(key, flight, outcome)

    def _land(self, key: Hashable, flight: _Flight[Value], outcome: _Outcome[Value]) -> None:
        ttl_s = self._ttl_s if outcome.failure is None else self._failure_ttl_s
        with self._lock:
            del self._flights[key]
            self._kept[key] = (self._clock() + ttl_s, outcome)
            self._kept.move_to_end(key)
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        flight.outcome = outcome
        flight.done.set()
