"""One statement for many rows: its `{rows}` becomes a list of values, as many as there are."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from sqlite3 import Cursor
from typing import Any

import msgspec

from chat.store.models import named

RunStatement = Callable[[str, Sequence[object]], Cursor]

# A statement is prepared for each number of rows, and the connection keeps those that it has prepared: so there
# are few such numbers, and the largest stays far below the most values that a statement may have.
_AT_ONCE = (64, 16, 4, 1)


def execute_values(run: RunStatement, statement: str, rows: Sequence[Sequence[object]]) -> int:
    """Run `statement` for all of `rows`, which are of one length. Returns how many rows of the table it changed."""
    return sum(cursor.rowcount for cursor in _runs(run, statement, rows))


def select_values(run: RunStatement, statement: str, rows: Sequence[Sequence[object]]) -> list[dict[str, Any]]:
    """What a SELECT finds for all of `rows`."""
    return [row for cursor in _runs(run, statement, rows) for row in named(cursor)]


def ids(numbers: Iterable[int]) -> str:
    """As `json_each` takes them."""
    return msgspec.json.encode(list(numbers)).decode()


def _runs(run: RunStatement, statement: str, rows: Sequence[Sequence[object]]) -> Iterator[Cursor]:
    done = 0
    for size in _AT_ONCE:
        while len(rows) - done >= size:
            part = rows[done : done + size]
            yield run(_for_rows(statement, size, len(part[0])), list(itertools.chain.from_iterable(part)))
            done += size


@functools.lru_cache(maxsize=256)
def _for_rows(statement: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return statement.format(rows=", ".join([row] * rows))
