"""A server that accepts connections and says nothing, as a suspended one does."""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from chat.errors import StoreTimeout, StoreUnavailable
from chat.runtime.wait_budget import of_request
from chat.store.engines.postgresql.engine import READERS, PostgresqlEngine
from tests.servers.postgresql_databases import SECRET_KEY

IMPATIENCE_S = 0.05


class SilentServer:
    """Server that accepts connections and keeps them open."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.connections: list[socket.socket] = []

    @property
    def url(self) -> str:
        return f"postgresql://u:p@127.0.0.1:{self.listener.getsockname()[1]}/x"

    def accept(self) -> None:
        """Accept a connection and wait for the client's first bytes."""
        connection, _ = self.listener.accept()
        self.connections.append(connection)
        connection.settimeout(30)
        assert connection.recv(4096)

    def was_left(self) -> bool:
        """Return whether a client has closed its connection."""
        return bool(select.select(self.connections, [], [], 0)[0])

    def close(self) -> None:
        for each in (self.listener, *self.connections):
            each.close()


@pytest.fixture
def server() -> Iterator[SilentServer]:
    with contextlib.closing(SilentServer()) as server:
        server.listener.settimeout(30)
        yield server


@pytest.fixture
def engine(server: SilentServer) -> Iterator[PostgresqlEngine]:
    engine = PostgresqlEngine(server.url, SECRET_KEY, IMPATIENCE_S)
    yield engine
    server.close()  # ends what the engine's threads still wait for
    engine.close()


def select_one(engine: PostgresqlEngine) -> None:
    engine.read(lambda: engine.execute("SELECT 1").fetchone())


def test_a_caller_does_not_wait_for_the_connection_s_own_limit(server: SilentServer, engine: PostgresqlEngine) -> None:
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(select_one, engine)
        server.accept()
        with pytest.raises(StoreTimeout) as late:
            reading.result()
        assert not server.was_left()
    assert engine.explain_unopenable(late.value) == f"DATABASE_URL names {engine.location}, which does not answer."


def test_a_request_asks_once(server: SilentServer, engine: PostgresqlEngine) -> None:
    with of_request():
        for _ in range(10):
            with pytest.raises(StoreUnavailable):
                select_one(engine)
    server.accept()
    server.listener.settimeout(0)
    with pytest.raises(BlockingIOError):
        server.accept()


def test_no_connection_waits_for_another_one(server: SilentServer, engine: PostgresqlEngine) -> None:
    with ThreadPoolExecutor(READERS) as threads:
        reading = [threads.submit(select_one, engine) for _ in range(READERS)]
        for _ in reading:
            server.accept()
        assert not server.was_left()
        assert {type(each.exception()) for each in reading} == {StoreTimeout}
