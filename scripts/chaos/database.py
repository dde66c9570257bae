"""The server's database, read without the server, so that it cannot hide anything."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.kit.postgresql_server import PostgresqlServer
from scripts.kit.waiting import poll


@dataclass(frozen=True, slots=True)
class TurnRow:
    """A turn with its answer's text. Times in Unix seconds."""

    id: int
    client_id: str | None
    conversation: int
    question: int
    message: int
    status: str
    worker: str
    error: str | None
    started_at: float
    ended_at: float
    text: str

    @property
    def pid(self) -> int:
        return int(self.worker.rpartition(":")[2])


_TURNS = """
    SELECT t.id, t.client_id, t.conversation_id, t.user_message_id, t.message_id, t.status, t.worker, t.error_code,
           t.started_at / 1000.0, COALESCE(t.ended_at, 0) / 1000.0, m.text
    FROM turns t JOIN messages m ON m.id = t.message_id ORDER BY t.id
"""

# Each query finds rows that must not exist.
_WRONGS = {
    "turns run for ever": "SELECT id FROM turns WHERE status = 'running'",
    "turns have ended without a time": "SELECT id FROM turns WHERE status <> 'running' AND ended_at IS NULL",
    "conversations are held by a turn that has ended": "SELECT id FROM conversations WHERE active_turn_id IS NOT NULL",
    "questions have no turn": """
        SELECT id FROM messages WHERE role = 'user' AND id NOT IN (SELECT user_message_id FROM turns)""",
    "answers have no turn": """
        SELECT id FROM messages WHERE role = 'assistant' AND id NOT IN (SELECT message_id FROM turns)""",
    "turns have no question or no answer": """
        SELECT t.id FROM turns t LEFT JOIN messages q ON q.id = t.user_message_id AND q.role = 'user'
        LEFT JOIN messages a ON a.id = t.message_id AND a.role = 'assistant' WHERE q.id IS NULL OR a.id IS NULL""",
    "client_ids have two turns": """
        SELECT client_id FROM turns WHERE client_id IS NOT NULL
        GROUP BY conversation_id, client_id HAVING COUNT(*) > 1""",
    "questions stand there twice": """
        SELECT MIN(id) FROM messages WHERE role = 'user' GROUP BY conversation_id, text HAVING COUNT(*) > 1""",
    "turns of one conversation ran at the same time": """
        SELECT b.id FROM turns a JOIN turns b ON b.conversation_id = a.conversation_id AND b.id > a.id
        WHERE b.started_at < a.ended_at""",
}
_BY_THE_CLOCK = "turns of one conversation ran at the same time"


class Database:
    """The database file, opened for each query. `clock_is_true`: whether its times can be compared."""

    is_a_file = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock_is_true = True

    def turns(self) -> list[TurnRow]:
        return [TurnRow(*row[:8], float(row[8]), float(row[9]), row[10]) for row in self._rows(_TURNS)]

    def running(self) -> list[int]:
        return [row[0] for row in self._rows("SELECT id FROM turns WHERE status = 'running'")]

    def wait_until_none_runs(self, timeout_s: float) -> list[int]:
        """Wait for the turns to end. Return those that still run then."""
        poll(lambda: not self.running(), timeout_s, 0.1)
        return self.running()

    def inconsistencies(self) -> Iterator[str]:
        """Return a sentence about each violation found in the database."""
        yield from self._damage()
        for sentence, query in _WRONGS.items():
            if sentence == _BY_THE_CLOCK and not self.clock_is_true:
                continue
            if ids := [row[0] for row in self._rows(query)]:
                yield f"{len(ids)} {sentence}: {ids[:5]}"

    def _damage(self) -> Iterator[str]:
        answers = [row[0] for row in self._rows("PRAGMA integrity_check")]
        if answers != ["ok"]:
            yield f"the database is damaged: {answers[0]}"

    def elsewhere(self, folder: Path) -> tuple[Database, dict[str, object]]:
        """Return the empty database of a server on another machine, whose files are in `folder`, and its settings."""
        return Database(folder / "data" / "chat.db"), {}

    def is_untouched(self) -> bool:
        """Return whether the server has written nothing yet."""
        return not self.path.parent.exists()

    def doubled(self) -> int:
        return sum(
            len(self._rows(_WRONGS[name])) for name in ("client_ids have two turns", "questions stand there twice")
        )

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the write lock, like another process that does not release it."""
        with contextlib.closing(sqlite3.connect(self.path, timeout=10, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

    def _rows(self, query: str) -> list[Any]:
        with contextlib.closing(sqlite3.connect(self.path, timeout=10)) as connection:
            return connection.execute(query).fetchall()


class PostgresqlDatabase(Database):
    """The database `name` of a PostgreSQL, read as its superuser."""

    is_a_file = False

    def __init__(self, server: PostgresqlServer, name: str) -> None:
        super().__init__(Path())
        self._server = server
        self._name = name

    def elsewhere(self, folder: Path) -> tuple[Database, dict[str, object]]:
        """Return another database of the same PostgreSQL, named after the folder."""
        name = self._server.create_database(folder.name)
        return PostgresqlDatabase(self._server, name), {"DATABASE_URL": self._server.url(name)}

    def is_untouched(self) -> bool:
        return not self._rows("SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold a lock on every table that lets others read and not write."""
        tables = [name for (name,) in self._rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        with self._server.connect(self._name) as connection, connection.transaction():
            connection.execute(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE".encode())
            yield

    def _damage(self) -> Iterator[str]:
        return iter(())

    def _rows(self, query: str) -> list[Any]:
        return self._server.run(query, self._name)


class Holder:
    """Holds the write lock for `seconds`, in a thread. A context manager that waits for its release."""

    def __init__(self, database: Database, seconds: float) -> None:
        self._held = threading.Event()
        self._thread = threading.Thread(target=self._hold, args=(database, seconds), daemon=True)

    def __enter__(self) -> Holder:
        self._thread.start()
        self._held.wait(15)
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _hold(self, database: Database, seconds: float) -> None:
        with database.locked():
            self._held.set()
            time.sleep(seconds)
