"""The database as a whole: its place, identity and keys, its first migration, and two in one process."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from chat.errors import StoreUnavailable
from chat.store import Store
from chat.store.engines.contract import Engine

from ..conftest import OpenStore
from ..engines import EngineUnderTest


def test_it_is_prepared_once_and_then_exists(under_test: EngineUnderTest, tmp_path: Path) -> None:
    with contextlib.closing(under_test.make(tmp_path / "new", "chat")) as engine:
        assert not engine.exists()
        engine.prepare()
        engine.prepare()
        Store(engine).migrate()
        assert engine.exists()
        assert "password" not in engine.location


def test_processes_recognise_the_database_that_they_share(open_store: OpenStore) -> None:
    one, same, other = open_store().engine, open_store().engine, open_store("other").engine
    assert one.location == same.location != other.location
    assert one.open_identity() == same.open_identity() == same.current_identity()
    assert one.check() == ""
    if one.open_identity():
        assert one.open_identity() != other.open_identity()


def test_a_key_belongs_to_the_database_and_is_not_in_it(open_store: OpenStore) -> None:
    def key(engine: Engine, name: str = "a-key") -> bytes:
        return engine.read(lambda: engine.key(name))

    one, same, other = open_store().engine, open_store().engine, open_store("other").engine
    first = key(one)
    assert len(first) >= 32
    assert (key(one), key(same)) == (first, first)
    assert first not in (key(one, "another-key"), key(other))


def test_two_databases_in_one_process_do_not_mix(open_store: OpenStore) -> None:
    stores = [open_store("one"), open_store("two")]
    users = [store.sessions.create(f"token {number}").user_id for number, store in enumerate(stores)]
    for number, (store, user) in enumerate(zip(stores, users, strict=True)):
        store.instructions.change(user, f"Instructions {number}")
        store.conversations.create(user, f"Title {number}")
    for number, (store, user) in enumerate(zip(stores, users, strict=True)):
        assert store.instructions.get(user) == f"Instructions {number}"
        assert [each.title for each in store.conversations.page(user, 5)[0]] == [f"Title {number}"]
        assert store.sessions.find(f"token {1 - number}") is None


def test_a_database_that_is_not_migrated_refuses_and_can_be_migrated(
    under_test: EngineUnderTest, tmp_path: Path
) -> None:
    with contextlib.closing(Store(under_test.make(tmp_path, "chat"))) as store:
        store.engine.prepare()
        with pytest.raises(StoreUnavailable) as refused:
            store.ping()
        assert store.engine.location in store.explain_unopenable(refused.value)
        assert store.migrate()
        assert store.migrate() == []
        store.ping()
