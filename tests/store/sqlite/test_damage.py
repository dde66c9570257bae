"""A damaged SQLite file, as the check finds it and as a backup refuses it."""

from __future__ import annotations

import contextlib
import io
import sqlite3

import pytest

from chat.errors import StoreUnavailable
from chat.store import Store
from chat.store.archive.dump import dump
from chat.store.archive.progress import silent
from chat.store.engines.sqlite.engine import SqliteEngine
from chat.store.integrity import check

from ..scenarios import completed_turn


@pytest.fixture(params=["messages", "messages_children", "sqlite_schema"])
def damaged(request, tmp_path):
    """A database in which the first page of a table or an index is overwritten."""
    path = tmp_path / "chat.db"
    store = Store(SqliteEngine(path))
    store.migrate()
    completed_turn(store, store.conversations.create(store.sessions.create_anonymous().user_id), "Q", "answer " * 500)
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = ? UNION ALL SELECT 1"
        page, *_ = connection.execute(query, (request.param,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    content = bytearray(path.read_bytes())
    begin = (page - 1) * size if page > 1 else 100  # behind the file's own header
    content[begin : begin + 200] = b"\xa5" * 200
    path.write_bytes(content)
    store = Store(SqliteEngine(path))
    yield store.engine
    store.close()


def test_damage_is_found(damaged):
    _, faults = check(damaged)
    assert faults


@pytest.mark.parametrize("damaged", ["messages", "sqlite_schema"], indirect=True)
def test_a_damaged_table_gives_no_backup(damaged):
    with pytest.raises(StoreUnavailable):
        damaged.maintenance.snapshot(lambda: dump(damaged, io.BytesIO(), {}, silent))


def test_a_reference_to_nothing_is_found(tmp_path):
    store = Store(SqliteEngine(tmp_path / "chat.db"))
    store.migrate()
    store.conversations.create(store.sessions.create_anonymous().user_id)
    with contextlib.closing(sqlite3.connect(tmp_path / "chat.db")) as program_without_foreign_keys:
        program_without_foreign_keys.execute("DELETE FROM users WHERE id > 0")
        program_without_foreign_keys.commit()
    assert check(store.engine)[1] == [
        "Row 1 of sessions refers to a row of users that does not exist.",
        "Row 1 of conversations refers to a row of users that does not exist.",
    ]
    store.close()


def test_a_damaged_search_index_is_found(store):
    store.engine.write(lambda: store.engine.execute("UPDATE message_search_data SET block = x'00ff' WHERE id > 10"))
    completed_turn(store, store.conversations.create(store.sessions.create_anonymous().user_id), "Q", "A")
    while store.index.index_pending():
        pass
    assert check(store.engine)[1] == []
    store.engine.write(lambda: store.engine.execute("UPDATE message_search_data SET block = x'00ff' WHERE id > 10"))
    assert check(store.engine)[1] == ["The search's index message_search is damaged."]
