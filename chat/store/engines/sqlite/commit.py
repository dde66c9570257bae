"""Commit writes in groups: writes that wait at the same time share one transaction.

The commit is the expensive part of a write. This code runs in the writing thread, and no write is acknowledged before
the commit that contains it. Writes with the same `batch_work` are also executed together: one statement for all of
them costs little more than one for each, and each statement releases and takes the interpreter's lock.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence

from chat.store.engines.sqlite.errors import DRIVER_ERRORS, translate_error
from chat.store.engines.writes import (
    Outcome,
    Write,
    as_outcome,
    batch_results,
    by_kind,
    end_if_abandoned,
    single_outcome,
)


class Committer:
    """Committer of groups of writes on this thread's connection.

    `execute` executes a statement on the connection; `rollback` rolls back its open transaction, if any.
    """

    def __init__(self, execute: Callable[[str], object], rollback: Callable[[], None]) -> None:
        self._execute = execute
        self._rollback = rollback

    def commit(self, group: Sequence[Write]) -> None:
        """Commit a group in one transaction. If that transaction fails, commit each write on its own."""
        pending = [write for write in group if not end_if_abandoned(write)]
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

    def _outcomes(self, group: Sequence[Write]) -> list[Outcome]:
        """Execute the writes of a group. Raises errors of the whole transaction, or of its only write."""
        if len(group) == 1:
            return [single_outcome(group[0])]
        outcomes: dict[Write, Outcome] = {}
        for batch_work, writes in by_kind(group):
            if batch_work is None:
                outcomes |= {write: self._in_savepoint(write.work) for write in writes}
            else:
                results = batch_results(writes)
                outcomes |= zip(writes, map(as_outcome, results), strict=True)
        return [outcomes.pop(write) for write in group]

    def _in_savepoint(self, work: Callable[[], object]) -> Outcome:
        """Execute one write of a group in a savepoint, which is rolled back if the write raises."""
        outcome: Outcome
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


def _translate_outcome(outcome: Outcome) -> Outcome:
    value, error = outcome
    return value, None if error is None else translate_error(error)
