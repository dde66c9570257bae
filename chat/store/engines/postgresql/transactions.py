"""Reads and transactions on the calling native thread's connection, repeated once where that is safe.

A transaction that was not committed has changed nothing, so it may run again: if its connection was lost, which an idle
one is after a restart of the server, and if it has lost a race against another transaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import psycopg

from chat.store.engines.postgresql.connection import Connection, Connections, NoAnswer
from chat.store.engines.postgresql.errors import DRIVER_ERRORS, LOST_RACES, sqlstate, translate_error
from chat.store.engines.writes import (
    Outcome,
    Write,
    as_outcome,
    batch_results,
    by_kind,
    end_if_abandoned,
    single_outcome,
)

T = TypeVar("T")

# Limit on one statement of a write, beside the limit on its waits for locks.
_STATEMENT_S = 5.0
# A transaction whose client is silent for so long is ended by the server, with its locks.
_IDLE_MS = 10_000
_SHORTEST_WAIT_MS = 20

# The number of the lock of exclusive transactions: any number that no other program in this database uses.
EXCLUSIVE = 0x5061726C6579

SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class Transactions:
    """Reads and transactions. They raise the driver's errors."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def read(self, work: Callable[[], T], limit_s: float, answered: Callable[[], None]) -> T:
        """Call `work`, each of whose statements sees its own snapshot and takes at most `limit_s`.

        Calls `answered` after the server's answer to the first one.
        """
        return self._repeated(lambda connection: connection.reading(limit_s, answered), work)

    def snapshot(self, work: Callable[[], T], limit_s: float, answered: Callable[[], None] | None = None) -> T:
        """Call `work`, all of whose statements see one snapshot, and `answered` like `read`."""
        return self._repeated(lambda connection: connection.begin(SNAPSHOT, limit_s, answered), work)

    def write(self, work: Callable[[], T], deadline: float) -> T:
        """Call `work` in a transaction that waits for locks until `deadline` (monotonic seconds)."""
        return self._repeated(lambda connection: connection.begin(_opening(deadline), _STATEMENT_S), work)

    def write_exclusive(self, work: Callable[[], T], deadline: float) -> T:
        """Call `work` in a transaction of which there is one at a time in this database."""

        def locked() -> T:
            self._connections.current().run(f"SELECT pg_advisory_xact_lock({EXCLUSIVE})")
            return work()

        def begin(connection: Connection) -> None:
            connection.begin(_opening(deadline, idle_ms=0), float("inf"))

        return self._repeated(begin, locked)

    def _repeated(self, begin: Callable[[Connection], None], work: Callable[[], T]) -> T:
        try:
            return self._once(begin, work)
        except _MayRepeat:
            pass
        return self._once(begin, work, last=True)

    def _once(self, begin: Callable[[Connection], None], work: Callable[[], T], *, last: bool = False) -> T:
        connection = self._connections.current()
        begin(connection)
        try:
            value = work()
            connection.commit()
        except BaseException as error:
            connection.give_up()
            lost = connection.closed
            if lost:
                self._connections.discard()
            if lost and connection.committing:
                raise CommitUnknown("the connection was lost at the end of the transaction") from error
            if not last and _may_repeat(error, lost):
                raise _MayRepeat from None
            raise
        return value


class CommitUnknown(psycopg.OperationalError):
    """The transaction may have been committed."""


class _MayRepeat(Exception):
    """The transaction changed nothing and may succeed if it is repeated."""


def _may_repeat(error: BaseException, lost: bool) -> bool:
    if not isinstance(error, DRIVER_ERRORS) or isinstance(error, NoAnswer):
        return False
    return lost or sqlstate(error) in LOST_RACES


def _opening(deadline: float, idle_ms: int = _IDLE_MS) -> str:
    lock_ms = max(_SHORTEST_WAIT_MS, round((deadline - time.monotonic()) * 1000))
    return f"BEGIN;SET LOCAL lock_timeout={lock_ms};SET LOCAL idle_in_transaction_session_timeout={idle_ms}"


class BatchCommitter:
    """Commits the writes with the same batch work in one transaction."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def commit(self, group: Sequence[Write]) -> None:
        """End all writes of a group. The writes of a transaction that failed are committed one by one."""
        for _, writes in by_kind([write for write in group if not end_if_abandoned(write)]):
            if len(writes) == 1 or not self._commit_together(writes):
                for write in writes:
                    self._commit_alone(write)

    def _commit_together(self, writes: Sequence[Write]) -> bool:
        """Commit writes in one transaction. Return False if nothing was committed and no write has ended."""
        outcomes: list[Outcome]
        try:
            results = self._transactions.write(lambda: batch_results(writes), min(write.deadline for write in writes))
            outcomes = [as_outcome(result) for result in results]
        except CommitUnknown as error:
            outcomes = [(None, error)] * len(writes)
        except BaseException:  # noqa: BLE001 - each write raises its own
            return False
        for write in writes:  # popped from the list because an error references this frame
            value, failed = outcomes.pop(0)
            write.end(value, None if failed is None else translate_error(failed))
        return True

    def _commit_alone(self, write: Write) -> None:
        if end_if_abandoned(write):
            return
        try:
            value, _ = self._transactions.write(lambda: single_outcome(write), write.deadline)
        except BaseException as error:  # noqa: BLE001 - raised in the caller
            write.end(error=translate_error(error))
        else:
            write.end(value)
