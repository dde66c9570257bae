"""Admission of new turns: at most so many begin or run in a worker at a time, and none once it shuts down."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from chat.errors import Overloaded, Restarting
from chat.turns.running_turns import RunningTurns


class Place:
    """Context manager that holds a turn's place to the end of the block, or of the block of `move()`."""

    def __init__(self, admission: Admission) -> None:
        self._admission: Admission | None = admission

    def __enter__(self) -> Place:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()

    def release(self) -> None:
        """Free the place. Later calls do nothing."""
        admission, self._admission = self._admission, None
        if admission is not None:
            admission.release_one()

    def move(self) -> Place:
        """Return a successor that holds the place from now on, for another thread."""
        assert self._admission is not None  # noqa: S101 - a precondition, for the type checker
        successor = Place(self._admission)
        self._admission = None
        return successor


class Admission:
    """One per worker. `limit` bounds the turns that begin or run at a time."""

    def __init__(self, running_turns: RunningTurns, limit: int) -> None:
        self._running_turns = running_turns
        self._limit = limit
        self._count = 0
        self._closed = False
        self._released = threading.Condition()

    def admit(self) -> Place:
        """Return a place for a new turn. Raises Overloaded if there is none, Restarting after `close`."""
        with self._released:
            if self._closed:
                raise Restarting
            if self._count >= self._limit:
                raise Overloaded("This server is answering as many people as it can; try again in a few seconds.")
            self._count += 1
        return Place(self)

    def release_one(self) -> None:
        with self._released:
            self._count -= 1
            self._released.notify_all()

    @property
    def closed(self) -> bool:
        """Return whether new turns are refused."""
        return self._closed

    def close(self) -> None:
        """Refuse new turns from now on; running turns continue."""
        with self._released:
            self._closed = True

    def wait_until_empty(self, timeout_s: float) -> bool:
        """Wait up to `timeout_s` until no turn begins or runs. Return whether that is the case."""
        with self._released:
            return self._released.wait_for(lambda: not self._count, timeout_s)

    def end_all(self, reason: str, timeout_s: float) -> None:
        """Cancel every turn and wait up to `timeout_s` until all have ended and are committed."""
        self.close()
        deadline = time.monotonic() + timeout_s
        while True:  # again, because a turn that is beginning is registered late
            for running in self._running_turns.turns():
                running.cancellation.cancel(reason)
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0 or self.wait_until_empty(min(remaining_s, 0.2)):
                return
