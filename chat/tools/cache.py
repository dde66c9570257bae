"""Cache in memory with a time to live, which merges concurrent fetches of the same key into one.

Independent of the type of its values.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from chat.runtime import threads
from chat.tool_contract import ToolContext
from chat.tools.http import SourceUnavailable

Value = TypeVar("Value")

# Longer than any fetch may take. This bound is for delays that no socket timeout covers, such as a name server that
# does not answer.
WAIT_S = 17.0


@dataclass(frozen=True, slots=True)
class _Failure:
    """A SourceUnavailable reduced to its values: a stored exception would keep its whole traceback alive."""

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True)
class _Outcome(Generic[Value]):
    """Result of a fetch: a value or a failure."""

    value: Value | None
    failure: _Failure | None

    def unwrap(self) -> Value:
        if self.failure is not None:
            raise SourceUnavailable(self.failure.message, self.failure.status)
        return self.value  # type: ignore[return-value]  # no failure, so there is a value


class _PendingFetch(Generic[Value]):
    """A fetch in progress. Each caller waits for an event of its own, which its turn's cancellation also sets."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[threading.Event] = []
        self._outcome: _Outcome[Value] | None = None

    def complete(self, outcome: _Outcome[Value]) -> None:
        with self._lock:
            self._outcome = outcome
            waiting = list(self._waiting)
        for event in waiting:
            event.set()

    def wait(self, context: ToolContext, timeout_s: float) -> _Outcome[Value] | None:
        """Return the outcome, or None if it takes too long. Raises TurnEnded."""
        event = threading.Event()
        with self._lock:
            if self._outcome is not None:
                return self._outcome
            self._waiting.append(event)
        with context.cancellation.closing(event.set):
            event.wait(min(timeout_s, context.remaining_s()))
        context.cancellation.check()
        return self._outcome


class Cache(Generic[Value]):
    """Thread-safe cache of up to `limit` values for `ttl_s` seconds; failures are cached for `failure_ttl_s`.

    Each fetch runs in its own thread, so it continues after the first caller has left. A caller waits at most `wait_s`.
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
        self._entries: OrderedDict[Hashable, tuple[float, _Outcome[Value]]] = OrderedDict()
        self._pending: dict[Hashable, _PendingFetch[Value]] = {}

    def get(self, key: Hashable, fetch: Callable[[], Value], context: ToolContext) -> Value:
        """Return the cached value of `key`, or the result of `fetch`.

        Raises SourceUnavailable, also a cached one, and TurnEnded if the caller's turn ends; the fetch then goes on for
        the other callers and for the cache.
        """
        with self._lock:
            outcome = self._look_up(key)
            pending = self._pending.get(key)
            starting = outcome is None and pending is None
            if pending is None:
                pending = _PendingFetch()
            if starting:
                self._pending[key] = pending
        if outcome is not None:
            return outcome.unwrap()
        if starting:
            self._start(key, fetch, pending)
        outcome = pending.wait(context, self._wait_s)
        if outcome is None:
            raise SourceUnavailable("The source did not answer in time.")
        return outcome.unwrap()

    def _look_up(self, key: Hashable) -> _Outcome[Value] | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        expires, outcome = entry
        if self._clock() >= expires:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return outcome

    def _start(self, key: Hashable, fetch: Callable[[], Value], pending: _PendingFetch[Value]) -> None:
        try:
            threads.start("fetch", self._run, key, fetch, pending)
        except RuntimeError:  # the system has no more threads
            self._complete(key, pending, _Outcome(None, _Failure("This server is too busy to ask the source.")))

    def _run(self, key: Hashable, fetch: Callable[[], Value], pending: _PendingFetch[Value]) -> None:
        # If `fetch` raises any other exception, the callers get this failure and the thread reports the exception.
        outcome: _Outcome[Value] = _Outcome(None, _Failure("The source's answer could not be used."))
        try:
            outcome = _Outcome(fetch(), None)
        except SourceUnavailable as failure:
            outcome = _Outcome(None, _Failure(failure.message, failure.status))
        finally:
            self._complete(key, pending, outcome)

    def _complete(self, key: Hashable, pending: _PendingFetch[Value], outcome: _Outcome[Value]) -> None:
        ttl_s = self._ttl_s if outcome.failure is None else self._failure_ttl_s
        with self._lock:
            del self._pending[key]
            self._entries[key] = (self._clock() + ttl_s, outcome)
            self._entries.move_to_end(key)
            while len(self._entries) > self._limit:
                self._entries.popitem(last=False)
        pending.complete(outcome)
