"""Idle connections, between requests: which are kept, which are closed, and which are used next."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from chat.net.cancel_scope import CancelScope
from chat.net.http_client import HttpClient
from chat.net.pool import KEEPALIVE_S, QUARANTINE_S
from chat.net.request import Origin, Timeouts, request_bytes
from tests.servers.scripted_server import CERTIFICATE, Exchange, ScriptedServer

LONG_S = 20.0
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class FakeTime:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class IdleServer:
    """Server that answers each request; `act` runs on all its connections while they are idle.

    `left` counts the connections that the client has closed meanwhile.
    """

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._server = ScriptedServer(self._serve, tls)
        self._acting = threading.Event()
        self._act: Callable[[Exchange], None] = lambda _: None
        self.left = threading.Semaphore(0)

    @property
    def origin(self) -> Origin:
        scheme, host, port = self._server.url.removesuffix("/v1").split(":")
        return Origin(scheme, host.strip("/"), int(port))

    def act(self, act: Callable[[Exchange], None]) -> None:
        self._act = act
        self._acting.set()

    def close(self) -> None:
        self._acting.set()
        self._server.close()

    @property
    def connections(self) -> list[int]:
        """Return the number of each request's connection."""
        return [exchange.connection for exchange in self._server.exchanges]

    def _serve(self, exchange: Exchange) -> None:
        exchange.send(ANSWER)
        exchange.keep_alive = True
        if exchange.head.startswith(b"GET /last"):
            return
        if self._acting.wait(LONG_S):
            self._act(exchange)
            if exchange.client_left(LONG_S):
                self.left.release()
            exchange.keep_alive = False


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def server(request: pytest.FixtureRequest) -> Iterator[IdleServer]:
    context = None
    if request.param:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
    server = IdleServer(context)
    yield server
    server.close()


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def client(clock: FakeTime) -> Iterator[HttpClient]:
    client = HttpClient(ssl.create_default_context(cafile=CERTIFICATE), clock=clock)
    yield client
    client.close()


def ask(client: HttpClient, server: IdleServer, number: int = 1, path: bytes = b"/") -> None:
    """Send `number` requests at a time, each of which needs its own connection, and read the responses."""
    message = request_bytes(b"GET", path, [(b"Host", b"127.0.0.1")])
    scopes = [CancelScope(time.monotonic() + LONG_S) for _ in range(number)]
    for response in [client.send(server.origin, message, scope, Timeouts()) for scope in scopes]:
        assert b"".join(response.body) == b"ok"


def until_left(client: HttpClient, server: IdleServer, number: int) -> None:
    """Call the job until the server sees that the client has closed `number` connections."""
    for _ in range(number):
        for _ in range(2_000):
            client.close_unusable()
            if server.left.acquire(timeout=0.01):
                break
        else:
            raise AssertionError("a connection stays open")


def test_connections_that_the_server_closes_are_closed_without_a_request(client, server):
    """Use more connections than one call of the job checks."""
    ask(client, server, 110)
    server.act(lambda exchange: exchange.end())
    until_left(client, server, 110)


def test_connections_that_have_been_idle_for_long_are_closed_without_a_request(client, server, clock):
    ask(client, server, 3)
    client.close_unusable()
    server.act(lambda _: None)
    clock.now += KEEPALIVE_S - 1
    client.close_unusable()
    assert not server.left.acquire(timeout=0.05)
    clock.now += 2
    client.close_unusable()
    for _ in range(3):
        assert server.left.acquire(timeout=LONG_S)


def test_unsolicited_data_closes_all_connections_of_its_origin(client, server):
    ask(client, server, 3)
    first = threading.Lock()
    server.act(lambda exchange: exchange.send(ANSWER) if first.acquire(blocking=False) else None)
    until_left(client, server, 3)
    # From now on, a connection serves one request.
    ask(client, server, path=b"/last")
    ask(client, server, path=b"/last")
    assert len(set(server.connections)) == 5


def test_usable_connections_stay_and_keep_their_order(client, server, clock):
    """Check that the one used last is used next."""
    ask(client, server, path=b"/last")
    message = request_bytes(b"GET", b"/last", [(b"Host", b"127.0.0.1")])
    one, two = (
        client.send(server.origin, message, CancelScope(time.monotonic() + LONG_S), Timeouts()) for _ in range(2)
    )
    used = server.connections[-2:]
    assert b"".join(two.body) == b"ok"
    assert b"".join(one.body) == b"ok"
    clock.now += QUARANTINE_S + 1
    for _ in range(3):
        client.close_unusable()
    ask(client, server, path=b"/last")
    assert server.connections[-1] == used[0]
