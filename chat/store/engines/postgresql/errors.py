"""Errors of psycopg, translated into the program's own, and into sentences for the operator."""

from __future__ import annotations

import re
from typing import Any

import psycopg

from chat.errors import StoreBusy, StoreFailed, StoreTimeout, StoreUnavailable
from chat.store.engines.postgresql.address import Address
from chat.store.engines.postgresql.connection import NoAnswer, TooOld
from chat.store.engines.timeouts import SLOW

# OSError: the name of the server cannot be resolved.
DRIVER_ERRORS = (psycopg.Error, OSError)

_DEADLOCK, _SERIALIZATION, _UNIQUE, _FOREIGN_KEY = "40P01", "40001", "23505", "23503"
# Raised in a transaction that has lost a race against another one. When repeated, it sees what the other has written.
LOST_RACES = {_DEADLOCK, _SERIALIZATION, _UNIQUE, _FOREIGN_KEY}

_MESSAGES = {
    "57014": SLOW,
    "53100": "The database's disk is full; nothing was changed.",
    "53200": "The database has no memory left; try again in a moment.",
    "53300": "The database has no connection free; try again in a moment.",
    "25006": "The database can only be read at the moment.",
    "42501": "The database does not permit this to the server's user.",
}
_BUSY = {"55P03", _DEADLOCK, _SERIALIZATION}
# Classes of conditions that may pass or that an operator can end: connections, resources, shutdown, the system.
_TRANSIENT = ("08", "53", "57", "58")


def sqlstate(error: BaseException) -> str:
    """Return the code that the server gave an error, or ""."""
    original = _original(error)
    return (original.sqlstate or "") if isinstance(original, psycopg.Error) else ""


def translate_error(error: BaseException) -> BaseException:
    """Return StoreBusy, StoreUnavailable or StoreFailed for a database error; return any other error unchanged."""
    if not isinstance(error, DRIVER_ERRORS):
        return error
    translated = _translated(error)
    translated.__cause__ = error
    return translated


def _translated(error: BaseException) -> StoreUnavailable:
    code, original = sqlstate(error), _original(error)
    if code in _BUSY:
        return StoreBusy("The database is busy; try again in a moment.")
    if code in _MESSAGES:
        return StoreUnavailable(_MESSAGES[code])
    if isinstance(original, NoAnswer):
        return StoreUnavailable(SLOW)
    # An error without a code: there was no connection, or it has ended.
    if code.startswith(_TRANSIENT) or (not code and isinstance(original, psycopg.OperationalError | OSError)):
        return StoreUnavailable("The database cannot be used at the moment.")
    return StoreFailed("The database refused this.")


def _original(error: BaseException) -> BaseException:
    """Return the driver's error beneath the program's own."""
    while error.__cause__ is not None and not isinstance(error, psycopg.Error):
        error = error.__cause__
    return error


# What libpq and the server say, in the server's language only if it is English.
_SENTENCES = (
    (r"password authentication failed|no password supplied|role \".*\" does not exist", "user or password is wrong"),
    (r"database \"[^\"]*\" does not exist", "there is no such database; create it with CREATE DATABASE"),
    (r"pg_hba\.conf|permission denied for database|not permitted to log in", "the server does not admit this user"),
    (r"Connection refused|No such file or directory", "nothing listens there"),
    (r"Name or service not known|Temporary failure in name|no name of a host", "there is no such host"),
    (r"SSL|certificate", "the encrypted connection failed"),
    (r"starting up|shutting down|not yet accepting", "the server is just starting or stopping"),
    (r"startup parameter", "PgBouncer takes no options in the URL; set them for the user with ALTER ROLE"),
    (r"session is (not )?read-only|standby mode", "no server there is as target_session_attrs says"),
    (r"remaining connection slots|too many (clients|connections)|no more connections", "it has no connection free"),
)  # fmt: skip


def explanation(error: BaseException, address: Address) -> str:
    """Return one sentence for the operator about an error of the first connection or of the migrations."""
    original: Any = _original(error)
    named = f"DATABASE_URL names {address.redacted}"
    if isinstance(original, TooOld):
        return f"{named}, which is {original}."
    if isinstance(original, NoAnswer) or isinstance(error, StoreTimeout):
        return f"{named}, which does not answer."
    if sqlstate(error) == "42501":
        return (
            f"{named}, whose user lacks a right ({_line(original)}); make it the owner of the database and its tables."
        )
    if isinstance(original, psycopg.Error | OSError):
        text = str(original)
        reason = next((sentence for pattern, sentence in _SENTENCES if re.search(pattern, text)), "it cannot be used")
        return f"{named}, but {reason} ({_line(original)})."
    return f"{named}, but {error}"


def _line(error: BaseException) -> str:
    """Return what an error says in one line, without repetition of the address and without hints."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    # Of several attempts to connect, the last one.
    line = next((line for line in reversed(lines) if " failed: " in line), lines[0])
    return re.sub(r"^(connection (failed|is bad): )?(connection to server .*? failed: )?(FATAL:\s+)?", "", line)[:300]
