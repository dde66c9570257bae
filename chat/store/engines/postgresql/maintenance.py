"""Whole tables of PostgreSQL, for backups, copies and checks, and the keys."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from chat.store.engines.contract import Rows

T = TypeVar("T")

# Without those of the engine itself.
_TABLES = """
    SELECT tablename FROM pg_tables
    WHERE schemaname = current_schema() AND tablename NOT IN ('message_search', 'title_search', 'keys')
"""
# Only of tables whose ids others may remember.
_LAST_IDS = """
    SELECT split_part(sequencename, '_id_seq', 1), last_value FROM pg_sequences
    WHERE schemaname = current_schema() AND sequencename NOT IN ('progress_id_seq', 'readiness_id_seq')
"""
_TABLES_WITH_IDS = "SELECT split_part(sequencename, '_id_seq', 1) FROM pg_sequences WHERE schemaname = current_schema()"
_KEEP_LAST_ID = """
    SELECT setval('{table}_id_seq', value) FROM (
        SELECT max(value) AS value FROM (
            SELECT max(id) AS value FROM {table} UNION ALL SELECT ? UNION ALL SELECT last_value FROM {table}_id_seq
        ) AS used
    ) AS largest WHERE value > 0
"""
_INVALID = """
    SELECT CAST(indexrelid AS regclass) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE NOT indisvalid AND relnamespace = CAST(current_schema() AS regnamespace)
"""
# A running turn's answer is indexed at its end.
_UNFINDABLE = {
    "message_search": """
        SELECT count(*) FROM messages JOIN conversations ON conversations.id = messages.conversation_id
        WHERE temporary = 0 AND text <> '' AND user_id <> 0
          AND NOT EXISTS (SELECT 1 FROM message_search WHERE message_search.id = messages.id)
          AND NOT EXISTS (SELECT 1 FROM unindexed_messages WHERE unindexed_messages.id = messages.id)
          AND NOT EXISTS (SELECT 1 FROM turns WHERE message_id = messages.id AND status = 'running')
    """,
    "title_search": """
        SELECT count(*) FROM conversations WHERE temporary = 0 AND title <> '' AND user_id <> 0
          AND NOT EXISTS (SELECT 1 FROM title_search WHERE title_search.id = conversations.id)
          AND NOT EXISTS (SELECT 1 FROM unindexed_titles WHERE unindexed_titles.id = conversations.id)
    """,
}
# Rows that are read or written at a time, and the length of their texts.
_PORTION = 500
_FIRST_PORTION = 20
_PORTION_CHARS = 2_000_000
_KEY_BYTES = 32


class Run(Protocol):
    """Call a function in a transaction, in a native thread."""

    def __call__(self, work: Callable[[], T], /) -> T: ...


class PostgresqlMaintenance:
    """`snapshot` and `frozen` call a function in a transaction; `execute` and `execute_rows` are the engine's."""

    def __init__(
        self,
        execute: Callable[..., Rows],
        execute_rows: Callable[[str, Sequence[Sequence[object]]], int],
        snapshot: Run,
        frozen: Run,
        keys: Keys,
    ) -> None:
        self._execute = execute
        self._execute_rows = execute_rows
        self._snapshot = snapshot
        self._frozen = frozen
        self._keys = keys

    def snapshot(self, work: Callable[[], T]) -> T:
        return self._snapshot(work)

    def frozen(self, work: Callable[[], T]) -> T:
        def locked() -> T:
            if tables := sorted(self.tables()):
                self._execute(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE")
            return work()

        return self._frozen(locked)

    def tables(self) -> set[str]:
        return {name for (name,) in self._execute(_TABLES)}

    def rows(self, table: str, columns: Sequence[str], key: Sequence[str]) -> Iterator[Sequence[Any]]:
        # In portions, because a result is held in memory as a whole. Each begins after the last row of the one before.
        selected, order = ", ".join([*columns, *key]), ", ".join(key)
        after, last, limit = "", list[Any](), _FIRST_PORTION
        while True:
            query = f"SELECT {selected} FROM {table} {after} ORDER BY {order} LIMIT {limit}"  # noqa: S608 - ours
            portion = self._execute(query, last).fetchall()
            yield from (row[: len(columns)] for row in portion)
            if len(portion) < limit:
                return
            after, last = f"WHERE ({order}) > ({', '.join('?' * len(key))})", list(portion[-1][len(columns) :])
            limit = min(2 * limit, _PORTION, max(1, limit * _PORTION_CHARS // (1 + sum(map(_chars, portion)))))

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES {{rows}}"  # noqa: S608 - our own names
        portion: list[Sequence[Any]] = []
        size = 0
        for row in rows:
            portion.append(row)
            size += _chars(row)
            if len(portion) == _PORTION or size > _PORTION_CHARS:
                self._execute_rows(statement, portion)
                portion, size = [], 0
        if portion:
            self._execute_rows(statement, portion)

    def last_ids(self) -> dict[str, int]:
        return {table: last for table, last in self._execute(_LAST_IDS) if last}

    def keep_last_ids(self, last_ids: Mapping[str, int]) -> None:
        for (table,) in self._execute(_TABLES_WITH_IDS).fetchall():
            self._execute(_KEEP_LAST_ID.format(table=table), (last_ids.get(table, 0),))

    def analyze(self) -> None:
        # The server itself does so about a minute later. Until then, it would read whole tables instead of indexes.
        for table in sorted(self.tables()):
            self._execute(f"ANALYZE {table}")

    def damage(self) -> Iterator[str]:
        for table in sorted(self.tables()):  # a damaged page cannot be read, which is an error
            self._execute(f"SELECT count(octet_length(CAST(whole AS text))) FROM {table} AS whole")  # noqa: S608 - ours
        for (index,) in self._execute(_INVALID).fetchall():
            yield f"The index {index} is not valid; run REINDEX INDEX {index}."
        for index, query in _UNFINDABLE.items():
            (count,) = self._execute(query).fetchone()
            if count:
                yield f"The search cannot find {count} texts: they are missing in its index {index}."

    def existing_key(self, name: str) -> bytes | None:
        return self._keys.existing(name)

    def replace_key(self, name: str, key: bytes) -> None:
        self._keys.replace(name, key)


def _chars(row: Sequence[Any]) -> int:
    return sum(len(value) for value in row if isinstance(value, str))


class Keys:
    """Secret keys in the database, encrypted with SECRET_KEY, which all servers of the database have."""

    def __init__(self, secret_key: str, execute: Callable[..., Rows]) -> None:
        self._secret = secret_key.encode()
        self._execute = execute

    def get(self, name: str) -> bytes:
        """Return a key. It is created at its first use."""
        key = self.existing(name)
        if key is None:
            self._insert(name, secrets.token_bytes(_KEY_BYTES))
            key = self.existing(name)  # another process may have created it first
        return key or b""

    def existing(self, name: str) -> bytes | None:
        row = self._execute("SELECT nonce, encrypted FROM keys WHERE name = ?", (name,)).fetchone()
        return None if row is None else self._encrypted(name, *map(bytes.fromhex, row))

    def replace(self, name: str, key: bytes) -> None:
        self._execute("DELETE FROM keys WHERE name = ?", (name,))
        self._insert(name, key)

    def _insert(self, name: str, key: bytes) -> None:
        nonce = secrets.token_bytes(_KEY_BYTES)
        row = (name, nonce.hex(), self._encrypted(name, nonce, key).hex())
        self._execute("INSERT INTO keys (name, nonce, encrypted) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row)

    def _encrypted(self, name: str, nonce: bytes, key: bytes) -> bytes:
        """Encrypt or decrypt a key with a pad that is used once."""
        pad = hmac.new(self._secret, nonce + name.encode(), hashlib.sha512).digest()
        if len(key) > len(pad):
            raise ValueError("The key is too long.")
        return bytes(one ^ other for one, other in zip(key, pad, strict=False))
