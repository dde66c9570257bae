"""Errors of SQLite and peewee, translated into the program's own."""

from __future__ import annotations

import sqlite3

import peewee

from chat.errors import StoreBusy, StoreFailed, StoreUnavailable
from chat.runtime import descriptors

DRIVER_ERRORS = (peewee.PeeweeException, sqlite3.Error)


def translate_error(error: BaseException) -> BaseException:
    """Return StoreBusy, StoreUnavailable or StoreFailed for a database error; return any other error unchanged."""
    if not isinstance(error, (peewee.DatabaseError, peewee.InterfaceError, sqlite3.Error)):
        return error
    translated = _translated(error)
    translated.__cause__ = error
    return translated


def _translated(error: Exception) -> StoreUnavailable:
    text = str(error)
    if not _is_transient(error):
        return StoreFailed("The database refused this.")
    if "locked" in text or "busy" in text:
        return StoreBusy("The database is busy; try again in a moment.")
    return StoreUnavailable(_message(error))


# SQLite's result codes for conditions that may pass or that an operator can end: a lock, no memory, a disk that is
# full, read-only or missing.
_TRANSIENT_CODES = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}  # fmt: skip
# Used for errors without a code, raised by the `sqlite3` module itself or by peewee.
_TRANSIENT_WORDS = (
    "locked",
    "busy",
    "full",
    "disk i/o",
    "unable to open",
    "readonly",
    "interrupted",
    "closed",
    "opened",
)


def _is_transient(error: Exception) -> bool:
    """Return whether the same call may succeed later."""
    original = error.args[0] if error.args and isinstance(error.args[0], sqlite3.Error) else error
    code = getattr(original, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _TRANSIENT_CODES
    return any(word in str(error).lower() for word in _TRANSIENT_WORDS)


def _message(error: Exception) -> str:
    text = str(error)
    if descriptors.exhausted(error, probe="unable to open" in text):
        return "This server has too many files open; try again in a moment."
    if "full" in text:
        return "The database's disk is full; nothing was changed."
    return "The database cannot be used at the moment."
