"""Migration 0003 indexes the texts of an older database."""

from __future__ import annotations

import contextlib
import importlib
import sqlite3

from chat.store import Store
from chat.store.engines.sqlite.engine import SqliteEngine

from ..scenarios import begin, checkpoint_delta, search


def test_an_older_database_is_indexed_when_it_is_migrated(store, user, say):
    old = [say("apricots", "中国市场", "cherries") for _ in range(3)]
    running = begin(store, store.conversations.create(user), "bananas").turn
    store.turns.checkpoint([checkpoint_delta(running, "dates")], [running.id])
    with contextlib.closing(sqlite3.connect(store.engine.path)) as other, other:
        for name in ("message_search", "title_search"):
            other.execute(f"DROP TABLE {name}")
        for name in ("messages_forgotten", "titles_forgotten"):
            other.execute(f"DROP TRIGGER {name}")
        other.execute("DELETE FROM migrations WHERE name = '0003_search'")
    again = Store(SqliteEngine(store.engine.path))
    assert again.migrate() == ["0003_search"]
    for word in ("apricots", "中国", "cherries"):
        assert search(again, user, word) == [each.id for each in reversed(old)]
    assert search(again, user, "bananas") == [running.conversation_id]
    assert search(again, user, "dates") == []
    again.close()


def test_filling_takes_portions(store, user, say, monkeypatch):
    step = importlib.import_module("chat.store.engines.sqlite.migrations.0003_search")
    monkeypatch.setattr(step, "_PORTION", 2)
    messages = [say("apricots") for _ in range(5)]
    run = store.engine.execute
    store.engine.write(lambda: (run("DELETE FROM message_search"), run("DELETE FROM title_search"), step.fill(run)))
    assert search(store, user, "apricots") == [each.id for each in reversed(messages)]
