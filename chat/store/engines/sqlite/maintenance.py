"""Whole tables of SQLite, for backups, copies and checks."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from chat.errors import StoreUnavailable
from chat.store.key_file import KeyFile

T = TypeVar("T")

_TABLES = """
    SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
      AND name NOT LIKE 'message!_search%' ESCAPE '!' AND name NOT LIKE 'title!_search%' ESCAPE '!'
"""
_MAX_FAULTS = 20
# A running turn's answer is indexed at its end.
_UNFINDABLE = {
    "message_search": """
        SELECT count(*) FROM messages JOIN conversations ON conversations.id = messages.conversation_id
        WHERE temporary = 0 AND text <> '' AND user_id <> 0
          AND messages.id NOT IN (SELECT rowid FROM message_search)
          AND messages.id NOT IN (SELECT id FROM unindexed_messages)
          AND messages.id NOT IN (SELECT message_id FROM turns WHERE status = 'running')
    """,
    "title_search": """
        SELECT count(*) FROM conversations WHERE temporary = 0 AND title <> '' AND user_id <> 0
          AND id NOT IN (SELECT rowid FROM title_search) AND id NOT IN (SELECT id FROM unindexed_titles)
    """,
}


class Run(Protocol):
    """Call a function in a transaction, in a native thread."""

    def __call__(self, work: Callable[[], T], /) -> T: ...


class SqliteMaintenance:
    """`snapshot` and `frozen` call a function in a transaction; `connection` returns the calling thread's."""

    def __init__(
        self,
        connection: Callable[[], sqlite3.Connection],
        snapshot: Run,
        frozen: Run,
        key_file: Callable[[str], KeyFile],
    ) -> None:
        self._connection = connection
        self._snapshot = snapshot
        self._frozen = frozen
        self._key_file = key_file

    def snapshot(self, work: Callable[[], T]) -> T:
        return self._snapshot(work)

    def frozen(self, work: Callable[[], T]) -> T:
        # A transaction that may write has the only write lock.
        return self._frozen(work)

    def tables(self) -> set[str]:
        return {name for (name,) in self._execute(_TABLES)}

    def rows(self, table: str, columns: Sequence[str], key: Sequence[str]) -> Iterator[Sequence[Any]]:
        rows = self._execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {', '.join(key)}")  # noqa: S608 - ours
        try:
            yield from rows
        finally:
            with contextlib.suppress(sqlite3.ProgrammingError):  # after an error the connection may be closed
                rows.close()

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        values = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608 - our own names
        self._connection().executemany(statement, rows)

    def last_ids(self) -> dict[str, int]:
        return {table: last for table, last in self._execute("SELECT name, seq FROM sqlite_sequence") if last}

    def keep_last_ids(self, last_ids: Mapping[str, int]) -> None:
        # SQLite's counter follows the ids of rows by itself; it does not know those of deleted rows.
        for table, last in last_ids.items():
            if not self._execute("SELECT 1 FROM sqlite_sequence WHERE name = ?", (table,)).fetchone():
                self._execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, 0)", (table,))
            self._execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (last, table))

    def analyze(self) -> None:
        """Do nothing: the statements name their indexes."""

    def damage(self) -> Iterator[str]:
        faults = [text for (text,) in self._execute(f"PRAGMA integrity_check({_MAX_FAULTS})")]
        yield from (f"SQLite finds damage: {text.strip()}." for text in faults if text != "ok")
        if faults != ["ok"]:
            return
        for table, row, parent, _ in self._execute("PRAGMA foreign_key_check").fetchmany(_MAX_FAULTS):
            yield f"Row {row} of {table} refers to a row of {parent} that does not exist."
        for index, query in _UNFINDABLE.items():
            if not self._index_is_readable(index):
                yield f"The search's index {index} is damaged."
                continue
            (count,) = self._execute(query).fetchone()
            if count:
                yield f"The search cannot find {count} texts: they are missing in its index {index}."

    def _index_is_readable(self, index: str) -> bool:
        """Read a full-text index completely. FTS5's own check would need the write lock."""
        self._execute(f"CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, {index}, 'row')")
        try:
            self._execute("SELECT sum(cnt) FROM temp.words").fetchone()
            return True
        except sqlite3.DatabaseError:
            return False
        finally:
            self._execute("DROP TABLE temp.words")

    def existing_key(self, name: str) -> bytes | None:
        return self._key_file(name).existing()

    def replace_key(self, name: str, key: bytes) -> None:
        try:
            self._key_file(name).replace(key)
        except OSError as error:
            raise StoreUnavailable(f"The key {name} cannot be written beside the database ({error}).") from error

    def _execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        return self._connection().execute(statement, values)
