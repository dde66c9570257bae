"""The database is ready if it can be read and written."""

from __future__ import annotations

import pytest

from chat.errors import StoreUnavailable
from chat.store import Store
from chat.turns.database_watch import DatabaseWatch

from .locks import write_lock


def set_pragma(store: Store, pragma: str) -> None:
    """Execute a pragma on the writing connection."""
    store.engine.write(lambda: store.engine.execute(pragma).fetchall())


def test_nothing_of_it_stays(store):
    pages = []
    for _ in range(3):
        store.readiness.probe_write()
        pages.append(store.engine.read(lambda: store.engine.execute("PRAGMA page_count").fetchone()[0]))
    store.ping()
    assert store.engine.read(lambda: store.engine.execute("SELECT COUNT(*) FROM readiness").fetchone()) == (0,)
    assert pages[1] == pages[2]


def test_a_database_that_may_not_grow_is_not_ready(store):
    (pages,) = store.engine.read(lambda: store.engine.execute("PRAGMA page_count").fetchone())
    set_pragma(store, f"PRAGMA max_page_count = {pages}")
    store.ping()  # the next probe detects it
    store.readiness.probe_write()
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="full"):
            store.ping()
    set_pragma(store, "PRAGMA max_page_count = 1000000")
    store.readiness.probe_write()
    store.ping()


def test_a_read_only_database_is_not_ready(store):
    set_pragma(store, "PRAGMA query_only = 1")
    store.readiness.probe_write()
    with pytest.raises(StoreUnavailable):
        store.ping()


def test_one_that_is_locked_for_a_while_is_as_ready_as_before(store):
    store.engine.lock_timeout_s = 0.05
    with write_lock(store.engine.path):
        store.readiness.probe_write()
        store.ping()


def test_it_is_tried_now_and_then(store):
    watch = DatabaseWatch(store)
    set_pragma(store, "PRAGMA query_only = 1")
    watch.check()
    with pytest.raises(StoreUnavailable):
        store.ping()
