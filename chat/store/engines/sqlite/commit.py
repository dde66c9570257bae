"""Commit writes in groups: writes that wait at the same time share one transaction.

The commit is the expensive part of a write. This code runs in the writing thread, and no write is acknowledged before
the commit that contains it. Writes with the same `batch_work` are also executed together: one statement for all of
them costs little more than one for each, and each statement releases and takes the interpreter's lock.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from chat.errors import StoreUnavailable
from chat.runtime.native import Call
from chat.store.engines.sqlite.errors import DRIVER_ERRORS, translate_error

# Writes a list of items and returns one value or exception per item. An exception is raised in the item's caller.
BatchWork = Callable[[Sequence[Any]], Sequence[Any]]
_Outcome = tuple[Any, BaseException | None]


def _nothing() -> None:
    """Do nothing. The default work of a write that has a `batch_work`."""


class Write(Call):
    """One queued write. It stops waiting for the lock at `deadline` (monotonic seconds).

    It has either its own `work`, or an `item` for a `batch_work`, which is called with all queued items.
    """

    __slots__ = ("batch_work", "deadline", "item")

    def __init__(
        self, deadline: float, work: Callable[[], Any] = _nothing, batch_work: BatchWork | None = None, item: Any = None
    ) -> None:
        super().__init__(work)
        self.deadline = deadline
        self.batch_work = batch_work
        self.item = item


class Committer:
    """Committer of groups of writes on this thread's connection.

    `execute` executes a statement on the connection; `rollback` rolls back its open transaction, if any.
    """

    def __init__(self, execute: Callable[[str], object], rollback: Callable[[], None]) -> None:
        self._execute = execute
        self._rollback = rollback

    def commit(self, group: Sequence[Write]) -> None:
        """Commit a group in one transaction. If that transaction fails, commit each write on its own."""
        pending = [write for write in group if not _end_if_abandoned(write)]
        if pending and self._begin(pending) and not self._write(pending):
            for write in pending:
                self.commit([write])

    def _begin(self, group: Sequence[Write]) -> bool:
        """Take the write lock. On failure, end the writes whose deadline has passed, time in the queue included."""
        try:
            # A process that writes a lot releases the lock for moments only, so poll often. SQLite's own busy
            # handler polls less and less often. With the lock held, nothing waits: in WAL mode no reader is in the way.
            self._execute("PRAGMA busy_timeout=2")
            self._begin_before(min(write.deadline for write in group))
        except DRIVER_ERRORS as error:
            busy = "locked" in str(error)
            for write in group:
                if not busy or write.deadline <= time.monotonic():
                    write.end(error=translate_error(error))
            self._rollback()
            return False
        return True

    def _begin_before(self, deadline: float) -> None:
        while True:
            try:
                self._execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() >= deadline:
                    raise

    def _write(self, group: Sequence[Write]) -> bool:
        """Execute and commit a group. Return False if nothing was committed and no write has ended."""
        try:
            outcomes = self._outcomes(group)
        except BaseException as error:  # noqa: BLE001 - raised in the caller
            self._rollback()
            if len(group) > 1:  # SQLite rolls everything back on a full disk, for example
                return False
            group[0].end(error=translate_error(error))
            return True
        try:
            self._execute("COMMIT")
        except DRIVER_ERRORS as error:
            # The commit may have taken effect: executing the group again could write twice.
            self._rollback()
            outcomes = [(None, error)] * len(group)
        for write in group:  # popped from the list because an error references this frame
            write.end(*_translate_outcome(outcomes.pop(0)))
        return True

    def _outcomes(self, group: Sequence[Write]) -> list[_Outcome]:
        """Execute the writes of a group. Raises errors of the whole transaction, or of its only write."""
        if len(group) == 1:
            return [_single_outcome(group[0])]
        outcomes: dict[Write, _Outcome] = {}
        for batch_work, writes in _by_kind(group):
            if batch_work is None:
                outcomes |= {write: self._in_savepoint(write.work) for write in writes}
            else:
                results = batch_work([write.item for write in writes])
                outcomes |= zip(writes, map(_as_outcome, results), strict=True)
        return [outcomes.pop(write) for write in group]

    def _in_savepoint(self, work: Callable[[], object]) -> _Outcome:
        """Execute one write of a group in a savepoint, which is rolled back if the write raises."""
        outcome: _Outcome
        self._execute("SAVEPOINT one")
        try:
            outcome = work(), None
        except BaseException as error:  # noqa: BLE001 - raised in the caller
            self._execute("ROLLBACK TO one")
            outcome = None, error
        self._execute("RELEASE one")
        try:
            return outcome
        finally:
            del outcome  # an error references this frame


def _end_if_abandoned(write: Write) -> bool:
    """End a write whose caller has timed out. Return whether it has ended."""
    if write.abandoned:
        write.end(error=StoreUnavailable("The database was slow; nothing was changed."))
    return write.abandoned


def _by_kind(group: Sequence[Write]) -> Iterator[tuple[BatchWork | None, list[Write]]]:
    """Return the writes of a group by their batch work, each list in order of arrival."""
    kinds: dict[BatchWork | None, list[Write]] = {}
    for write in group:
        kinds.setdefault(write.batch_work, []).append(write)
    return iter(kinds.items())


def _single_outcome(write: Write) -> _Outcome:
    if write.batch_work is None:
        return write.work(), None
    value, error = _as_outcome(write.batch_work([write.item])[0])
    if error is not None:
        try:
            raise error
        finally:
            del error  # it references this frame
    return value, None


def _as_outcome(result: Any) -> _Outcome:
    return (None, result) if isinstance(result, Exception) else (result, None)


def _translate_outcome(outcome: _Outcome) -> _Outcome:
    value, error = outcome
    return value, None if error is None else translate_error(error)
