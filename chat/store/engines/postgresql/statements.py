"""Statements of the repositories in PostgreSQL's form, with psycopg's placeholders."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence

from chat.store.engines.postgresql.nul import storable

# Rows per statement.
_PORTION = 1000
_HINT = re.compile(r" INDEXED BY \w+")


@functools.lru_cache(maxsize=1024)
def translated(statement: str) -> str:
    """Return a statement without hints. Its locks let others refer to the locked rows, which foreign keys do."""
    plain = _HINT.sub("", statement).replace("%", "%%").replace("?", "%s")
    return plain.replace(" FOR UPDATE", " FOR NO KEY UPDATE")


def with_rows(statement: str, rows: int, columns: int) -> str:
    """Return a statement whose `{rows}` is replaced by parameters."""
    row = f"({','.join(['%s'] * columns)})"
    return translated(statement).format(rows=",".join([row] * rows))


@functools.lru_cache(maxsize=16)
def new_ids(tables: tuple[str, ...]) -> str:
    """Return a SELECT of new ids for each of some tables, as many as its parameters say."""
    return " UNION ALL ".join(
        f"SELECT '{table}', nextval('{table}_id_seq') FROM generate_series(1, ?)"  # noqa: S608 - our own tables
        for table in tables
    )


def portions(rows: Sequence[Sequence[object]]) -> Iterator[Sequence[Sequence[object]]]:
    """Return the rows in portions."""
    return (rows[start : start + _PORTION] for start in range(0, len(rows), _PORTION))


def parameters(values: Iterable[object]) -> list[object]:
    """Return values as they are stored: flags as numbers, texts without U+0000."""
    return [
        storable(value) if isinstance(value, str) else int(value) if isinstance(value, bool) else value
        for value in values
    ]


def array(values: Iterable[int | str]) -> str:
    """Return values as the text of an array."""
    return f"{{{','.join(str(each) if isinstance(each, int) else _quoted(each) for each in values)}}}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
