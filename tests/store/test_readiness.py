"""Ready means: it can be written to."""

from __future__ import annotations

import pytest

from chat.errors import StoreUnavailable
from chat.store import Store
from chat.store.readiness import Readiness

from .scenes import write_lock


def settled(store: Store, pragma: str) -> None:
    """Have the writing connection obey a pragma."""
    store.database.write(lambda: store.database.run(pragma).fetchall())


@pytest.fixture(autouse=True)
def each_time(monkeypatch):
    monkeypatch.setattr("chat.store.readiness._TRY_EVERY_S", 0.0)


def changes(store: Store) -> int:
    return store.database.write(lambda: store.database.peewee.connection().total_changes)


def test_nothing_of_it_stays(store):
    pages = []
    for _ in range(3):
        store.ping()
        pages.append(store.database.read(lambda: store.database.run("PRAGMA page_count").fetchone()[0]))
    assert store.database.read(lambda: store.database.run("SELECT COUNT(*) FROM readiness").fetchone()) == (0,)
    assert pages[1] == pages[2]


def test_a_database_that_may_not_grow_is_not_ready(store):
    (pages,) = store.database.read(lambda: store.database.run("PRAGMA page_count").fetchone())
    settled(store, f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable, match="full"):
        store.ping()
    settled(store, "PRAGMA max_page_count = 1000000")
    store.ping()


def test_a_read_only_database_is_not_ready(store):
    settled(store, "PRAGMA query_only = 1")
    with pytest.raises(StoreUnavailable):
        store.ping()


def test_a_locked_one_is_not_ready(store, monkeypatch):
    monkeypatch.setattr("chat.store.database._PATIENCE_S", 0.05)
    with write_lock(store.database.path), pytest.raises(StoreUnavailable, match="busy"):
        store.ping()


def test_it_writes_now_and_then_only_while_that_succeeds(store, monkeypatch):
    monkeypatch.setattr("chat.store.readiness._TRY_EVERY_S", 60.0)
    store.ping()
    before = changes(store)
    for _ in range(5):
        store.ping()
    assert changes(store) == before
    store.readiness = Readiness(store.database)
    settled(store, "PRAGMA query_only = 1")
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            store.ping()
