"""Connections that end; a server that is silent, full or gone; and PgBouncer."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from chat.errors import StoreBusy, StoreTimeout, StoreUnavailable
from chat.store import Store
from chat.store.engines.postgresql.address import parse
from chat.store.engines.postgresql.connection import Connections, NoAnswer
from chat.store.engines.postgresql.engine import READERS, WRITERS, PostgresqlEngine
from chat.store.records import Conversation
from chat.store.turns import StartedTurn
from scripts.kit.postgresql_server import PgBouncer, PostgresqlServer
from scripts.kit.waiting import wait_until
from tests.servers.postgresql_databases import SECRET_KEY, Databases

from ..scenarios import at_once, begin, completed_turn, finish, search

# Promised are two seconds; the rest is for a busy machine.
REFUSED_WITHIN_S = 4.0


@pytest.fixture
def server(postgresql: PostgresqlServer) -> PostgresqlServer:
    return postgresql


def name_of(store: Store) -> str:
    return store.engine.location.rpartition("/")[2]


def refusals(store: Store, conversation: Conversation) -> None:
    """Check that reads and writes, all at once, are refused in time, in one sentence each."""
    calls: list[Callable[[], object]] = [
        lambda: store.conversations.page(conversation.user_id, 5),
        lambda: store.conversations.create(conversation.user_id),
        lambda: store.engine.snapshot(lambda: store.engine.execute("SELECT 1").fetchone()),
        lambda: begin(store, conversation),
    ]
    began_at = time.monotonic()
    for refused in at_once(len(calls), lambda number: calls[number]()):
        assert isinstance(refused, StoreUnavailable), refused
        assert str(refused).endswith(".")
        assert refused.retry_after_s > 0
    assert time.monotonic() - began_at < REFUSED_WITHIN_S


def test_connections_that_ended_while_they_were_idle_are_replaced_unseen(
    store: Store, user: int, server: PostgresqlServer
) -> None:
    for _ in range(3):
        completed_turn(store, store.conversations.create(user), "Q", "A")
        store.conversations.page(user, 5)
        assert server.end_connections(name_of(store)) > 0
    assert len(store.conversations.page(user, 5)[0]) == 3


def test_a_transaction_whose_connection_ends_is_repeated_as_a_whole(
    store: Store, user: int, server: PostgresqlServer
) -> None:
    runs = []

    def work() -> int:
        runs.append(store.engine.execute("SELECT pg_backend_pid()").fetchone()[0])
        store.engine.execute("UPDATE users SET instructions = instructions || 'x' WHERE id = ?", (user,))
        if len(runs) == 1:
            server.run(f"SELECT pg_terminate_backend({runs[0]})")
        return store.engine.execute("SELECT 1").fetchone()[0]

    assert store.engine.write(work) == 1
    assert len(set(runs)) == 2
    assert store.instructions.get(user) == "x"


def test_a_server_that_is_restarted(store: Store, user: int, server: PostgresqlServer) -> None:
    conversation = store.conversations.create(user)
    server.stop()
    try:
        refusals(store, conversation)
    finally:
        server.start()
    assert len(store.conversations.page(user, 5)[0]) == 1
    completed_turn(store, store.conversations.create(user), "Q", "A")


def test_a_server_that_is_silent(store: Store, user: int, server: PostgresqlServer) -> None:
    conversation = store.conversations.create(user)
    server.pause()
    try:
        refusals(store, conversation)
    finally:
        server.resume()
    wait_until(lambda: ready(store))
    completed_turn(store, store.conversations.create(user), "Q", "A")


def test_a_connection_that_is_not_answered() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = parse(f"postgresql://parley@127.0.0.1:{silent.getsockname()[1]}/chat")
        with pytest.raises(NoAnswer):
            Connections(address, [], lambda: 0.05).current()


def ready(store: Store) -> bool:
    try:
        store.ping()
        store.engine.probe_write()
    except StoreUnavailable:
        return False
    return True


def test_a_server_without_a_free_connection(conversation: Conversation, databases_full: Store) -> None:
    refusals(databases_full, conversation)


@pytest.fixture
def databases_full(store: Store, user: int, server: PostgresqlServer) -> Iterator[Store]:
    """Return a store whose server has no connection left for it."""
    name = name_of(store)
    server.run(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
    server.end_connections(name)
    try:
        yield store
    finally:
        server.run(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')


def test_no_more_connections_than_the_pool_has(store: Store, user: int, server: PostgresqlServer) -> None:
    conversations = [store.conversations.create(user) for _ in range(20)]

    def work(number: int) -> None:
        finish(store, begin(store, conversations[number]).turn)
        store.conversations.page(user, 5)
        store.conversations.change(conversations[number], title=f"title {number}")

    assert at_once(20, work) == [None] * 20
    count = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name_of(store)}'"
    assert server.run(count) == [(READERS + WRITERS + 1,)]


def test_a_row_that_another_program_locks(store: Store, user: int) -> None:
    conversation = store.conversations.create(user)
    assert isinstance(store.engine, PostgresqlEngine)
    with psycopg.connect(**store.engine.address.parameters) as other:
        other.execute("SELECT 1 FROM conversations FOR UPDATE")
        began_at = time.monotonic()
        with pytest.raises((StoreBusy, StoreTimeout)):
            begin(store, conversation)
        assert time.monotonic() - began_at < REFUSED_WITHIN_S
    assert begin(store, conversation).created


def test_a_client_that_stops_in_a_transaction_does_not_keep_its_locks(store: Store, user: int) -> None:
    """A server that is suspended in the middle of a transaction must not stop the others for ever."""

    def work() -> list[tuple[str, str]]:
        show = "SELECT current_setting('idle_in_transaction_session_timeout'), current_setting('statement_timeout')"
        return store.engine.execute(show).fetchall()

    assert store.engine.write(work) == [("10s", "5s")]
    assert store.engine.read(work) == [("0", "2s")]


@pytest.fixture
def logged(store: Store, server: PostgresqlServer) -> Iterator[Callable[[Callable[[], object]], list[str]]]:
    """Return a function that returns what the server logs of a call, with one entry per message that it receives."""
    log, database = server.folder / "console.log", name_of(store)

    def entries(call: Callable[[], object]) -> list[str]:
        call()  # opens the connections
        before = log.stat().st_size
        call()
        return re.findall(r"(?m)^\S+ \S+ \S+ \[\d+\] (\w+:.*)", log.read_bytes()[before:].decode())

    server.run(f'ALTER DATABASE "{database}" SET log_statement = "all"')
    server.end_connections(database)
    count = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}'"
    wait_until(lambda: server.run(count) == [(0,)], "they have ended, and have logged it")
    try:
        yield entries
    finally:
        server.run(f'ALTER DATABASE "{database}" RESET log_statement')


def test_round_trips(
    store: Store, user: int, conversation: Conversation, logged: Callable[[Callable[[], object]], list[str]]
) -> None:
    """Each message is answered before the next one is sent. Nothing else is logged, such as a warning."""
    conversations = [store.conversations.create(user) for _ in range(2)]
    started: list[StartedTurn] = []
    calls: dict[str, tuple[Callable[[], object], int]] = {
        "a read": (lambda: store.conversations.page(user, 5), 1),
        "a write": (lambda: store.conversations.change(conversation, title="T"), 2),
        "the begin of a turn": (lambda: started.append(begin(store, conversations.pop())), 3),
        "its end": (lambda: finish(store, started.pop().turn), 2),
    }
    for name, (call, messages) in calls.items():
        entries = logged(call)
        assert [entry for entry in entries if not entry.startswith("LOG:  statement: ")] == [], name
        assert len(entries) == messages, (name, entries)


@pytest.fixture
def bounced(
    postgresql: PostgresqlServer, postgresql_databases: Databases
) -> Iterator[tuple[Store, PostgresqlServer, PgBouncer]]:
    """Return a store behind a PgBouncer with fewer connections than the store's pool."""
    name = postgresql_databases.url("bounced").rpartition("/")[2]
    with (
        PgBouncer(postgresql, connections=2) as bouncer,
        contextlib.closing(Store(PostgresqlEngine(bouncer.url(name), SECRET_KEY))) as store,
    ):
        assert store.migrate() == []
        yield store, postgresql, bouncer


def test_everything_works_through_pgbouncer(bounced: tuple[Store, PostgresqlServer, PgBouncer]) -> None:
    """Each transaction may get another session, so nothing may depend on the session before."""
    store, _, bouncer = bounced
    users = [store.sessions.create_anonymous().user_id for _ in range(4)]
    conversations = [store.conversations.create(users[number % 4]) for number in range(24)]

    def work(number: int) -> None:
        completed_turn(store, conversations[number], f"Where are the whales {number}?", "In the sea\x00.")
        assert len(store.history.of_conversation(conversations[number].id)) == 2
        assert search(store, users[number % 4], f"whales {number}") == [conversations[number].id]
        store.conversations.delete(conversations[number])

    assert at_once(24, work) == [None] * 24
    store.engine.write_exclusive(lambda: store.engine.execute("SELECT 1").fetchone())
    bouncer.restart()
    assert store.conversations.page(users[0], 50)[0] == []
