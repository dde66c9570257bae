"""Migrations of the tables, and the tables that they make."""

from __future__ import annotations

import contextlib
import importlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from chat.errors import StoreTimeout
from chat.store import Store
from chat.store.engines.sqlite.engine import SqliteEngine
from chat.store.engines.sqlite.migrations import STEPS
from chat.store.migrations import migrate

from ..engines import sqlite_path
from ..scenarios import completed_turn

ROOT = Path(__file__).resolve().parent.parent.parent.parent
ROUNDS = 15

# Migrates each file named on standard input and prints the number of steps, or the error.
MIGRATE = """
import sys
from pathlib import Path
from chat.errors import DatabaseTooNew
from chat.store import Store
from chat.store.engines.sqlite.engine import SqliteEngine
print("ready", flush=True)
for line in sys.stdin:
    store = Store(SqliteEngine(Path(line.strip())))
    try:
        print(len(store.migrate()), flush=True)
    except Exception as error:
        print(type(error).__name__, error, flush=True)
    store.close()
"""


def test_a_fresh_database_gets_every_step_and_a_second_run_none(settings):
    store = Store(SqliteEngine(sqlite_path(settings)))
    assert store.migrate() == [step.name for step in STEPS]
    assert store.migrate() == []
    store.close()
    again = Store(SqliteEngine(sqlite_path(settings)))
    assert again.migrate() == []
    again.close()


def test_the_folder_is_made(tmp_path):
    store = Store(SqliteEngine(tmp_path / "a" / "b" / "chat.db"))
    store.migrate()
    store.close()
    assert (tmp_path / "a" / "b" / "chat.db").exists()


def test_making_a_store_touches_nothing(tmp_path):
    Store(SqliteEngine(tmp_path / "chat.db"))
    assert list(tmp_path.iterdir()) == []


def test_four_processes_at_once_on_a_new_file(tmp_path):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    try:
        assert [process.stdout.readline() for process in processes] == ["ready\n"] * 4
        for number in range(ROUNDS):
            for process in processes:
                process.stdin.write(f"{tmp_path}/{number}.db\n")
                process.stdin.flush()
            outputs = sorted(process.stdout.readline().strip() for process in processes)
            assert outputs == ["0", "0", "0", str(len(STEPS))]
    finally:
        for process in processes:
            process.communicate()


TABLES = {
    "users": "id name? created_at instructions",
    "sessions": "id token_digest user_id created_at used_at",
    "conversations": "id user_id title pinned created_at updated_at head_id? active_turn_id? temporary archived "
    "provisional",
    "messages": "id conversation_id parent_id? role text reasoning created_at",
    "tool_calls": "message_id position step text_offset call_id name arguments label ok? summary content data? "
    "duration_ms extra? message_extra?",
    "progress": "id turn_id first text reasoning marks",
    "turns": "id conversation_id user_message_id message_id client_id? status model mode worker marks error_code? "
    "error_message? error_retryable? details prompt_tokens completion_tokens started_at ended_at? lease_until "
    "stop_requested",
    "feedback": "message_id value comment? updated_at",
    "shares": "conversation_id token_digest salt leaf_id created_at",
    "unindexed_messages": "user_id id",
    "unindexed_titles": "user_id id",
    "readiness": "id filler",
    "worker_reports": "worker number key_digest report",
    "ended_admin_sessions": "digest expires_at",
}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_its_columns(store, table):
    """Columns with a question mark may be NULL."""
    with contextlib.closing(sqlite3.connect(store.engine.path)) as other:
        columns = other.execute(f"PRAGMA table_info({table})").fetchall()
    assert {name + "?" * (not required and name != "id") for _, name, _, required, _, _ in columns} == set(
        TABLES[table].split()
    )


def test_there_are_no_other_tables(store):
    with contextlib.closing(sqlite3.connect(store.engine.path)) as other:
        tables = {row[0] for row in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    # Of SQLite's own and of the migrations: the full-text indexes with their tables, counters, applied steps.
    search = {name for name in tables if name.startswith(("message_search", "title_search"))}
    assert tables - search - {"migrations", "sqlite_sequence"} == set(TABLES)


def test_the_journal_is_written_ahead_and_foreign_keys_hold(store):
    def pragma(name):
        return store.engine.execute(f"PRAGMA {name}").fetchone()[0]

    assert store.engine.read(lambda: (pragma("journal_mode"), pragma("foreign_keys"))) == ("wal", 1)
    assert store.engine.write(lambda: (pragma("journal_mode"), pragma("foreign_keys"))) == ("wal", 1)


def test_closing_lets_go_of_the_file(store):
    """Closing the last connection removes the write-ahead log and leaves a file that can be copied."""
    store.sessions.create_anonymous()
    beside = [store.engine.path.with_name(f"chat.db-{ending}") for ending in ("wal", "shm")]
    assert all(path.exists() for path in beside)
    store.close()
    assert not any(path.exists() for path in beside)


def test_a_worker_starts_while_another_process_holds_the_lock(tmp_path):
    path = tmp_path / "chat.db"
    store = Store(SqliteEngine(path))
    store.migrate()
    store.close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        again = Store(SqliteEngine(path))
        assert again.migrate() == []
        again.close()
        other.execute("ROLLBACK")


# How earlier releases recorded their steps.
RECORDS = {
    "the first release": (5, "CREATE TABLE migrations (name TEXT PRIMARY KEY)", "INSERT INTO migrations VALUES (?)"),
    "the one before runs_with": (
        12,
        "CREATE TABLE migrations (name TEXT PRIMARY KEY, expands INTEGER NOT NULL DEFAULT 0)",
        "INSERT INTO migrations VALUES (?, 1)",
    ),
}


@pytest.mark.parametrize("release", RECORDS)
def test_a_database_of_an_earlier_release_is_brought_up_to_date(tmp_path, release):
    newest, create, insert = RECORDS[release]
    path = tmp_path / "chat.db"
    with contextlib.closing(sqlite3.connect(path)) as other, other:
        other.execute(create)
        for step in STEPS[:newest]:
            module = importlib.import_module(f"chat.store.engines.sqlite.migrations.{step.name}")
            for statement in module.STATEMENTS:
                other.execute(statement)
            other.execute(insert, (step.name,))
        other.execute("INSERT INTO users (name, created_at) VALUES (NULL, 1)")
        other.execute(
            "INSERT INTO conversations (user_id, title, pinned, created_at, updated_at) VALUES (1, 'Fruit', 0, 1, 1)"
        )
        other.execute(
            "INSERT INTO messages (conversation_id, role, text, reasoning, created_at) VALUES (1, 'user', 'Hi', '', 1)"
        )
        other.execute("UPDATE conversations SET head_id = 1")
    store = Store(SqliteEngine(path))
    assert store.migrate() == [step.name for step in STEPS[newest:]]
    (conversation,), _ = store.conversations.page(1, 5)
    assert conversation.title == "Fruit"
    assert completed_turn(store, conversation, "And now?", "Apricots").status == "completed"
    assert [message.text for message in store.history.of_conversation(1)] == ["Hi", "And now?", "Apricots"]
    store.close()


def test_a_new_database_is_for_its_user_alone(tmp_path):
    old = os.umask(0o022)
    try:
        store = Store(SqliteEngine(tmp_path / "chat.db"))
        store.migrate()
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
        store.close()
    finally:
        os.umask(old)
    assert set(modes.values()) == {"0o600"}, modes


def test_a_database_that_is_late_ends_no_start(tmp_path):
    class Late(SqliteEngine):
        times = 3

        def read(self, work):
            if self.times:
                self.times -= 1
                raise StoreTimeout("The database is slow at the moment; try again.", lambda: None)
            return super().read(work)

    database = Late(tmp_path / "chat.db")
    assert migrate(database) == [step.name for step in STEPS]
    assert database.times == 0
    database.close()
