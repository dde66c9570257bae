"""The HTTP client of `chat.net` alone. `tests/llm/openai/transport/` tests it through the lean transport."""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from chat.net.cancel_scope import CancelScope
from chat.net.errors import NetError, TooMuchData, UnsendableRequest
from chat.net.http_client import HttpClient, Response
from chat.net.read_batching import BATCH_FROM, MAX_DELAY_S
from chat.net.request import Origin, Timeouts, request_bytes
from tests.servers.scripted_server import Exchange, ScriptedServer

LONG_S = 60.0


@pytest.fixture
def client() -> Iterator[HttpClient]:
    client = HttpClient(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    yield client
    client.close()


@contextlib.contextmanager
def serving(script: Callable[[Exchange], None]) -> Iterator[ScriptedServer]:
    server = ScriptedServer(script)
    yield server
    server.close()


def far(max_bytes: int = 1 << 20) -> CancelScope:
    return CancelScope(time.monotonic() + LONG_S, max_bytes=max_bytes)


def get(client: HttpClient, server: ScriptedServer, scope: CancelScope) -> Response:
    port = int(server.url.split(":")[2].split("/")[0])
    message = request_bytes(b"GET", b"/", [(b"Host", b"127.0.0.1")])
    return client.send(Origin("http", "127.0.0.1", port), message, scope, Timeouts())


def stays_open(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\n\r\nhello")
    exchange.client_left(LONG_S)


def test_reads_are_delayed_only_where_there_are_many(client):
    with serving(stays_open) as server:
        for _ in range(BATCH_FROM - 1):
            get(client, server, far())
        assert client.read_delay_s() == 0.0
        last = get(client, server, far())
        assert 0.0 < client.read_delay_s() <= MAX_DELAY_S
        last.body.close()
        assert client.read_delay_s() == 0.0
        client.close()


@pytest.mark.parametrize("in_head", [True, False])
def test_the_bytes_of_a_whole_response_are_bounded(client, in_head):
    flood = b"A: b\r\n" if in_head else b"3\r\nabc\r\n"

    def script(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + b"\r\n" * (not in_head))
        exchange.send(flood * 50_000)
        exchange.client_left(LONG_S)

    with serving(script) as server, pytest.raises(TooMuchData):
        for _ in get(client, server, far(max_bytes=50_000)).body:
            pass


def test_a_cancelled_scope_ends_the_wait_for_the_head(client):
    waiting = threading.Event()

    def script(exchange: Exchange) -> None:
        waiting.set()
        exchange.client_left(LONG_S)

    scope = far()
    with serving(script) as server:
        threading.Thread(target=lambda: (waiting.wait(LONG_S), scope.cancel())).start()
        with pytest.raises(NetError):
            get(client, server, scope)


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        (b"GET / HTTP/1.1\r\n\r\nGET", b"/", []),
        (b"GET", b"/a b", []),
        (b"GET", b"/\r\n\r\nGET /", []),
        (b"GET", b"/", [(b"X", b"1\r\nY: 2")]),
        (b"GET", b"/", [(b"X Y", b"1")]),
        (b"GET", b"/", [(b"X", b"\x00")]),
    ],
)
def test_nothing_is_smuggled_into_a_request(method, target, headers):
    with pytest.raises(UnsendableRequest):
        request_bytes(method, target, headers)
