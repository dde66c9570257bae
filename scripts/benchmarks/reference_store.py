"""The reference's database: SQLite written the same way as Parley's, with one writing thread beside the loop."""

from __future__ import annotations

import asyncio
import fcntl
import secrets
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

_TABLES = """
    CREATE TABLE IF NOT EXISTS conversations (id INTEGER PRIMARY KEY, token TEXT NOT NULL, created_at INTEGER);
    CREATE TABLE IF NOT EXISTS messages (
        id INTEGER PRIMARY KEY, conversation_id INTEGER NOT NULL, role TEXT NOT NULL, text TEXT NOT NULL,
        created_at INTEGER);
    CREATE INDEX IF NOT EXISTS of_conversation ON messages (conversation_id, id);
    CREATE TABLE IF NOT EXISTS turns (
        id INTEGER PRIMARY KEY, conversation_id INTEGER NOT NULL, message_id INTEGER NOT NULL, status TEXT NOT NULL,
        started_at INTEGER, ended_at INTEGER);
"""


class Store:
    """The reference's database. Each method is one transaction."""

    def __init__(self, path: Path) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._database = self._thread.submit(_opened, path).result()

    async def create_conversation(self) -> tuple[int, str]:
        """Return the id of a new conversation and the token of its owner."""
        token = secrets.token_urlsafe(32)
        conversation_id = await self._run(
            lambda run: run("INSERT INTO conversations (token, created_at) VALUES (?, ?)", (token, _now())).lastrowid
        )
        return conversation_id, token

    async def begin(self, conversation_id: int, token: str, question: str) -> tuple[int, int, list[dict[str, str]]]:
        """Write question, empty answer and turn. Returns the turn's id, the answer's, and the messages so far."""

        def work(run: Callable[..., Any]) -> tuple[int, int, list[dict[str, str]]]:
            owned = run("SELECT 1 FROM conversations WHERE id = ? AND token = ?", (conversation_id, token)).fetchone()
            if owned is None:
                raise PermissionError("no such conversation")
            insert = "INSERT INTO messages (conversation_id, role, text, created_at) VALUES (?, ?, ?, ?)"
            run(insert, (conversation_id, "user", question, _now()))
            rows = run("SELECT role, text FROM messages WHERE conversation_id = ? ORDER BY id", (conversation_id,))
            messages = [{"role": role, "content": text} for role, text in rows.fetchall()]
            answer = run(insert, (conversation_id, "assistant", "", _now())).lastrowid
            turn = run(
                "INSERT INTO turns (conversation_id, message_id, status, started_at) VALUES (?, ?, 'running', ?)",
                (conversation_id, answer, _now()),
            ).lastrowid
            return turn, answer, messages

        begun: tuple[int, int, list[dict[str, str]]] = await self._run(work)
        return begun

    async def checkpoint(self, texts: list[tuple[str, int]]) -> None:
        """Keep what running turns have so far: `(text, answer's id)`."""

        def work(run: Callable[..., Any]) -> None:
            for text in texts:
                run("UPDATE messages SET text = ? WHERE id = ?", text)

        await self._run(work)

    async def finish(self, turn_id: int, answer_id: int, text: str) -> None:
        def work(run: Callable[..., Any]) -> None:
            run("UPDATE messages SET text = ? WHERE id = ?", (text, answer_id))
            run("UPDATE turns SET status = 'completed', ended_at = ? WHERE id = ?", (_now(), turn_id))

        await self._run(work)

    def close(self) -> None:
        self._thread.submit(self._database.close)
        self._thread.shutdown()

    async def _run(self, work: Callable[[Callable[..., Any]], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, work)

    def _transaction(self, work: Callable[[Callable[..., Any]], Any]) -> Any:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            outcome = work(self._database.execute)
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
        return outcome


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=60, isolation_level=None)
    with path.with_suffix(".lock").open(
        "w"
    ) as one_at_a_time:  # SQLite does not wait for a change of the journal's mode
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        database.execute("PRAGMA journal_mode=wal")
        database.executescript(_TABLES)
    database.execute("PRAGMA synchronous=normal")
    return database


def _now() -> int:
    return int(time.time() * 1000)
