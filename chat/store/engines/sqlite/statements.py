"""Statements of the repositories in SQLite's form. Each is translated once and cached."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

# Rows per statement. Each size is a statement of its own in the connection's cache, so there are few sizes. The largest
# stays far below SQLite's limit on parameters.
_SIZES = (64, 16, 4, 1)


@functools.lru_cache(maxsize=1024)
def translated(statement: str) -> str:
    """Return a statement with SQLite's form of a list parameter, and without locks of rows: there is one writer."""
    in_list = statement.replace("= ANY(?)", "IN (SELECT value FROM json_each(?))")
    return in_list.replace(" FOR UPDATE SKIP LOCKED", "").replace(" FOR UPDATE", "")


@functools.lru_cache(maxsize=256)
def with_rows(statement: str, rows: int, columns: int) -> str:
    """Return a statement whose `{rows}` is replaced by parameters."""
    row = f"({', '.join('?' * columns)})"
    return translated(statement).format(rows=", ".join([row] * rows))


@functools.lru_cache(maxsize=64)
def as_one_row(columns: str, source: str) -> str:
    """Return a SELECT whose rows come as one JSON text."""
    return f"SELECT json_group_array(json_array({columns})) {translated(source)}"


@functools.lru_cache(maxsize=16)
def last_ids(tables: int) -> str:
    """Return a SELECT of the last ids used in some tables."""
    return "SELECT " + ", ".join(["(SELECT seq FROM sqlite_sequence WHERE name = ?)"] * tables)  # noqa: S608 - our own text


def portions(rows: Sequence[Sequence[object]]) -> Iterator[Sequence[Sequence[object]]]:
    """Return the rows in portions of a few sizes."""
    done = 0
    for size in _SIZES:
        while len(rows) - done >= size:
            yield rows[done : done + size]
            done += size
