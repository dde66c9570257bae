"""A damaged PostgreSQL table, as the check finds it."""

from __future__ import annotations

from contextlib import closing

import pytest

from chat.store import Store, engine_for
from chat.store.integrity import check
from config.paths import ROOT
from scripts.kit import postgresql_server
from scripts.kit.postgresql_server import PostgresqlServer
from tests.servers.postgresql_databases import SECRET_KEY

from ..scenarios import completed_turn


def test_a_damaged_page_is_found():
    if why := postgresql_server.missing():
        pytest.skip(why)
    with PostgresqlServer() as server:
        url = server.url(server.create_database())
        with closing(Store(engine_for(url, ROOT, SECRET_KEY))) as store:
            store.migrate()
            conversation = store.conversations.create(store.sessions.create_anonymous().user_id)
            completed_turn(store, conversation, "Q", "A")
            assert check(store.engine)[1] == []
            query = "SELECT pg_relation_filepath('messages')"
            (table,) = store.engine.read(lambda: store.engine.execute(query).fetchone())
        server.stop()
        (path,) = server.folder.rglob(table)
        path.write_bytes(b"\xa5" * 200 + path.read_bytes()[200:])
        server.start()
        with closing(Store(engine_for(url, ROOT, SECRET_KEY))) as store:
            (fault,) = check(store.engine)[1]
    assert fault.startswith("It cannot be read completely (invalid page in block 0")
