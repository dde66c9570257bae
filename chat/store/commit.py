"""Makes transactions of writes: those that wait at the same time share one, because the commit is what costs.

Runs in the writing thread. Nothing is acknowledged before the commit that holds it. Writes of one kind that
come together may be done together too: a statement for all of them costs little more than one for each, and
each statement is a hand-over of the interpreter's lock, twice.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import peewee

from chat.errors import StoreFailed, StoreUnavailable
from chat.runtime import descriptors
from chat.runtime.native import Call

# What is written for one item of a kind: its value, or the error that is raised where it was asked for.
Together = Callable[[Sequence[Any]], Sequence[Any]]
_Outcome = tuple[Any, BaseException | None]


def _nothing() -> None:
    """The work of who leaves it to `together`."""


class Write(Call):
    """One write that waits. `deadline` is when it gives up waiting for the lock.

    Either a `work` of its own, or an `item` for a `together`, which is called with all the items that came.
    """

    __slots__ = ("deadline", "item", "together")

    def __init__(
        self, deadline: float, work: Callable[[], Any] = _nothing, together: Together | None = None, item: Any = None
    ) -> None:
        super().__init__(work)
        self.deadline = deadline
        self.together = together
        self.item = item


class Committer:
    """`run` runs a statement in this thread's connection; `undo` rolls back whatever is open there."""

    def __init__(self, run: Callable[[str], sqlite3.Cursor], undo: Callable[[], None]) -> None:
        self._run = run
        self._undo = undo

    def commit(self, group: Sequence[Write]) -> None:
        """Commit a group. When something breaks the transaction under it, each of them for itself."""
        waited_for = [write for write in group if not _given_up(write)]
        if waited_for and self._begin(waited_for) and not self._write(waited_for):
            for write in waited_for:
                self.commit([write])

    def _begin(self, group: Sequence[Write]) -> bool:
        """Get the lock. Those who have waited for too long, the queue included, are told so."""
        try:
            # Another process that writes a lot lets go for moments only: look often. SQLite's own waiting
            # looks ever more rarely.
            self._run("PRAGMA busy_timeout=2")
            self._begin_before(min(write.deadline for write in group))
            self._run("PRAGMA busy_timeout=1000")
        except (peewee.PeeweeException, sqlite3.Error) as error:
            busy = "locked" in str(error)
            for write in group:
                if not busy or write.deadline <= time.monotonic():
                    write.end(error=translation(error))
            self._undo()
            return False
        return True

    def _begin_before(self, deadline: float) -> None:
        while True:
            try:
                self._run("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() >= deadline:
                    raise

    def _write(self, group: Sequence[Write]) -> bool:
        """False: nothing of it was committed, and nobody was told anything."""
        try:
            outcomes = self._outcomes(group)
        except BaseException as error:  # noqa: BLE001 - handed to whoever asked
            self._undo()
            if len(group) > 1:  # a full disk, for one, has SQLite roll everything back
                return False
            group[0].end(error=translation(error))
            return True
        try:
            self._run("COMMIT")
        except (peewee.PeeweeException, sqlite3.Error) as error:
            # It may have taken effect all the same: to run them again could do things twice.
            self._undo()
            outcomes = [(None, error)] * len(group)
        for write in group:  # out of the list: an error holds this frame
            write.end(*_translated(outcomes.pop(0)))
        return True

    def _outcomes(self, group: Sequence[Write]) -> list[_Outcome]:
        """Do what is to be written. Raises what concerns the transaction as a whole, or its only write."""
        if len(group) == 1:
            return [_of_one(group[0])]
        outcomes: dict[Write, _Outcome] = {}
        for together, writes in _by_kind(group):
            if together is None:
                outcomes |= {write: self._in_savepoint(write.work) for write in writes}
            else:
                found = together([write.item for write in writes])
                outcomes |= zip(writes, map(_told, found), strict=True)
        return [outcomes.pop(write) for write in group]

    def _in_savepoint(self, work: Callable[[], object]) -> _Outcome:
        """Run one write of a group; one that raises leaves no trace in what the others do."""
        outcome: _Outcome
        self._run("SAVEPOINT one")
        try:
            outcome = work(), None
        except BaseException as error:  # noqa: BLE001 - handed to whoever asked
            self._run("ROLLBACK TO one")
            outcome = None, error
        self._run("RELEASE one")
        try:
            return outcome
        finally:
            del outcome  # an error holds this frame


def _given_up(write: Write) -> bool:
    """End a write that nobody waits for any more: it was told to be too late, and is asked for again."""
    if write.abandoned:
        write.end(error=StoreUnavailable("The database was slow; nothing was changed."))
    return write.abandoned


def _by_kind(group: Sequence[Write]) -> Iterator[tuple[Together | None, list[Write]]]:
    """The writes of a group, each kind in the order they came."""
    kinds: dict[Together | None, list[Write]] = {}
    for write in group:
        kinds.setdefault(write.together, []).append(write)
    return iter(kinds.items())


def _of_one(write: Write) -> _Outcome:
    if write.together is None:
        return write.work(), None
    value, error = _told(write.together([write.item])[0])
    if error is not None:
        try:
            raise error
        finally:
            del error  # it holds this frame
    return value, None


def _told(found: Any) -> _Outcome:
    return (None, found) if isinstance(found, Exception) else (found, None)


def _translated(outcome: _Outcome) -> _Outcome:
    value, error = outcome
    return value, None if error is None else translation(error)


def translation(error: BaseException) -> BaseException:
    """Return what is told of an error: StoreUnavailable or StoreFailed for SQLite's own, any other as it is."""
    if not isinstance(error, (peewee.DatabaseError, peewee.InterfaceError, sqlite3.Error)):
        return error
    told = StoreUnavailable(_sentence(error)) if _passes(error) else StoreFailed("The database refused this.")
    told.__cause__ = error
    return told


# SQLite's result codes for what ends by itself or by an operator's hand: a lock, memory, a disk that is full,
# read-only or away.
_PASSING_CODES = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}  # fmt: skip
# Where there is no code: the `sqlite3` module's own refusals, and peewee's.
_PASSING_WORDS = ("locked", "busy", "full", "disk i/o", "unable to open", "readonly", "interrupted", "closed", "opened")


def _passes(error: Exception) -> bool:
    """Return whether the same call may succeed later."""
    original = error.args[0] if error.args and isinstance(error.args[0], sqlite3.Error) else error
    code = getattr(original, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _PASSING_CODES
    return any(word in str(error).lower() for word in _PASSING_WORDS)


def _sentence(error: Exception) -> str:
    text = str(error)
    if "locked" in text or "busy" in text:
        return "The database is busy; try again in a moment."
    if descriptors.exhausted(error, probe="unable to open" in text):
        return "This server has too many files open; try again in a moment."
    if "full" in text:
        return "The database's disk is full; nothing was changed."
    return "The database cannot be used at the moment."
