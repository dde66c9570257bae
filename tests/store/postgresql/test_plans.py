"""Statements have the same effect by whichever plan PostgreSQL chooses."""

from __future__ import annotations

import psycopg

from chat.store import Store
from chat.store.engines.postgresql.engine import PostgresqlEngine
from chat.store.indexing import Index

from ..conftest import OpenStore
from ..scenarios import completed_turn

# Leaves nested loops, which run a subselect once a row.
NESTED_LOOPS = ("enable_hashjoin", "enable_mergejoin", "enable_hashagg", "enable_sort", "enable_material")


def allow_nested_loops_only(store: Store) -> None:
    """Set this for all later connections to the store's database."""
    assert isinstance(store.engine, PostgresqlEngine)
    parameters = store.engine.address.parameters
    with psycopg.connect(**parameters) as other:
        for setting in NESTED_LOOPS:
            name = psycopg.sql.Identifier(other.info.dbname)
            other.execute(psycopg.sql.SQL(f"ALTER DATABASE {{}} SET {setting} = off").format(name))


def test_a_batch_for_the_index_is_no_larger_than_its_limit(open_store: OpenStore) -> None:
    allow_nested_loops_only(open_store())
    store = open_store()
    user = store.sessions.create_anonymous().user_id
    for _ in range(4):
        completed_turn(store, store.conversations.create(user), "apricots", "apricots", title="Fruit")
    index = Index(store.engine, batch_size=3)
    assert [index.index_pending() for _ in range(4)] == [6, 4, 2, 0]
