"""Who waits to write: many at once share a transaction, because the commit is what costs.

A thread of its own takes all that wait, has them committed together in a native thread, and wakes whoever
asked. Nothing of theirs is acknowledged before that commit. How a group becomes a transaction: `database.py`.
"""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

# One transaction holds the database's only lock for as long as all of its writes take, some 20 ms.
_GROUP = 64
# When more wait than one transaction takes, other processes get their chance in between: they look every
# millisecond or two.
_PAUSE_S = 0.003


class Write:
    """One write that waits, and afterwards what came of it. `deadline` is when it gives up waiting for the lock."""

    __slots__ = ("_ended", "deadline", "done", "error", "value", "work")

    def __init__(self, work: Callable[[], Any], deadline: float) -> None:
        self.work = work
        self.deadline = deadline
        self.value: Any = None
        self.error: BaseException | None = None
        self.done = False
        self._ended = threading.Event()

    def outcome(self) -> Any:
        """Wait for the end; return what the work returned, raise what it raised."""
        self._ended.wait()
        if self.error is not None:
            raise self.error
        return self.value

    def end(self, value: Any = None, error: BaseException | None = None) -> None:
        """Say what came of it. May be said in a native thread: it wakes nobody."""
        self.value, self.error, self.done = value, error, True

    def wake(self) -> None:
        self._ended.set()


class WriteQueue:
    """`commit` is handed a group, and ends those of it that need not wait any longer; the others come again."""

    def __init__(self, commit: Callable[[list[Write]], None]) -> None:
        self._commit = commit
        self._waiting: collections.deque[Write] = collections.deque()
        self._something = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False

    def write(self, work: Callable[[], T], deadline: float) -> T:
        write = Write(work, deadline)
        with self._something:
            if self._closing:
                raise RuntimeError("The store is closed.")
            # Started at the first write: a thread started before a fork would not be there after it.
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="writer", daemon=True)
                thread.start()
                self._thread = thread
            self._waiting.append(write)
            self._something.notify()
        outcome: T = write.outcome()
        return outcome

    def close(self) -> None:
        """Commit what waits, and end."""
        with self._something:
            self._closing = True
            self._something.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while group := self._next():
            try:
                self._commit(group)
            except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, and this thread goes on
                for write in group:
                    write.end(error=error)
            for write in group:
                if write.done:
                    write.wake()
            again = [write for write in group if not write.done]
            self._waiting.extendleft(reversed(again))
            if len(group) == _GROUP:
                time.sleep(_PAUSE_S)

    def _next(self) -> list[Write]:
        """The next writes in the order they came; none when it is time to end."""
        with self._something:
            while not self._waiting and not self._closing:
                self._something.wait()
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), _GROUP))]
