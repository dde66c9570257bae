"""One statement for many rows. Its `{rows}` is replaced by a list of values, one per row."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from chat.store.engines.contract import Rows
from chat.store.models import named

Execute = Callable[[str, Sequence[object]], Rows]

# Rows per statement. Each size is a statement of its own in the connection's cache, so there are few sizes. The largest
# stays far below SQLite's limit on parameters.
_SIZES = (64, 16, 4, 1)


def execute_values(execute: Execute, statement: str, rows: Sequence[Sequence[object]]) -> int:
    """Execute `statement` for all `rows`, which have one length. Return the number of table rows changed."""
    return sum(cursor.rowcount for cursor in _cursors(execute, statement, rows))


def select_values(execute: Execute, statement: str, rows: Sequence[Sequence[object]]) -> list[dict[str, Any]]:
    """Return the rows that a SELECT finds for all `rows`."""
    return [row for cursor in _cursors(execute, statement, rows) for row in named(cursor)]


def json_ids(numbers: Iterable[int]) -> str:
    """Return numbers as a JSON array, for `json_each`."""
    return msgspec.json.encode(list(numbers)).decode()


def _cursors(execute: Execute, statement: str, rows: Sequence[Sequence[object]]) -> Iterator[Rows]:
    done = 0
    for size in _SIZES:
        while len(rows) - done >= size:
            part = rows[done : done + size]
            yield execute(_with_rows(statement, size, len(part[0])), list(itertools.chain.from_iterable(part)))
            done += size


@functools.lru_cache(maxsize=256)
def _with_rows(statement: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return statement.format(rows=", ".join([row] * rows))
