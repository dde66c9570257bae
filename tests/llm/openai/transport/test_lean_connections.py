"""Connections of the lean transport: kept alive, replaced, and closed.

`test_under_gevent.py` runs this file once more in a patched process.
"""

from __future__ import annotations

import socket
import threading

import httpx2
import pytest

from chat.net import pool
from tests.llm.openai.transport.lean_requests import OK, SOON_S, keeps, says
from tests.servers.scripted_server import Exchange


def connections(server) -> list[int]:
    return [exchange.connection for exchange in server.exchanges]


def test_a_connection_is_used_again(serve, client, tls):
    server = serve(keeps(says(b"hello")), tls=tls)
    for _ in range(3):
        assert client.post(server.url).text == "hello"
    assert connections(server) == [0, 0, 0]


def test_the_one_used_last_is_used_next(serve, client):
    server = serve(keeps(says(b"hello")))
    with client.stream("POST", server.url) as first, client.stream("POST", server.url) as second:
        second.read()
        first.read()
    client.post(server.url)
    assert connections(server) == [0, 1, 0]


@pytest.mark.parametrize(
    "response",
    [
        says(b"hello", b"Connection: close"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        says(b"hello") + b"stray",
        says(b"hello") + says(b"a second response"),
    ],
    ids=["told to close", "an old server", "stray bytes", "a response to nothing"],
)
def test_a_connection_that_is_not_used_again(serve, client, response):
    server = serve(keeps(response))
    for _ in range(2):
        assert client.post(server.url).text == "hello"
    assert connections(server) == [0, 1]


def test_words_that_nobody_asked_for_are_never_taken_for_an_answer(serve, client, tls):
    def script(exchange: Exchange) -> None:
        keeps(says(b"%d" % exchange.connection))(exchange)
        if exchange.connection == 0:
            answered.wait(SOON_S)
            exchange.send(says(b"stray"))
            sent.set()

    answered, sent = threading.Event(), threading.Event()
    server = serve(script, tls=tls)
    assert client.post(server.url).text == "0"
    answered.set()
    assert sent.wait(SOON_S)
    assert client.post(server.url).text == "1"


def test_a_connection_that_the_server_closed_is_replaced(serve, client, tls):
    def script(exchange: Exchange) -> None:
        exchange.send(says(b"hello"))
        socket.socket.shutdown(exchange._sock, socket.SHUT_RDWR)
        closed.release()

    closed = threading.Semaphore(0)
    server = serve(script, tls=tls)
    for _ in range(3):
        assert client.post(server.url).text == "hello"
        assert closed.acquire(timeout=SOON_S)
    assert connections(server) == [0, 1, 2]


@pytest.mark.parametrize("come", [b"", b"HTTP/1.1 200"])
@pytest.mark.parametrize("keep_alive", [True, False])
def test_nothing_is_ever_sent_twice(serve, client, come, keep_alive):
    def script(exchange: Exchange) -> None:
        if keep_alive and len(server.exchanges) == 1:
            keeps(says(b"hello"))(exchange)
        else:
            exchange.send(come)

    server = serve(script)
    if keep_alive:
        client.post(server.url)
    with pytest.raises(httpx2.RemoteProtocolError):
        client.post(server.url)
    assert connections(server) == ([0, 0] if keep_alive else [0])


def test_what_has_been_idle_for_long_is_closed(serve, client, restless):
    def script(exchange: Exchange) -> None:
        keeps(says(b"hello"))(exchange)
        if exchange.connection == 0:
            left.append(exchange.client_left())

    left: list[bool] = []
    server = serve(script)
    client.post(server.url)
    restless.now += pool.KEEPALIVE_S
    client.post(server.url)
    assert connections(server) == [0, 1]
    server.close()
    assert left == [True]


def test_no_more_are_kept_than_may_be(serve, lean_client):
    server = serve(keeps(says(b"hello")))
    with lean_client(max_idle_connections=1) as client:
        with client.stream("POST", server.url) as first, client.stream("POST", server.url) as second:
            first.read()
            second.read()
        with client.stream("POST", server.url), client.stream("POST", server.url):
            pass
    assert connections(server) == [0, 1, 1, 2]


def test_a_response_left_unread_closes_its_connection(serve, client):
    def script(exchange: Exchange) -> None:
        exchange.send(OK + b"Content-Length: 99\r\n\r\nhel")
        left.append(exchange.client_left())

    left: list[bool] = []
    server = serve(script)
    with client.stream("POST", server.url):
        pass
    server.close()
    assert left == [True]


@pytest.mark.parametrize(
    "response", [OK + b"Content-Length: 99\r\n\r\nhel", OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"]
)
def test_a_body_cut_short_is_told(serve, client, response, tls):
    server = serve(lambda exchange: exchange.send(response), tls=tls)
    with client.stream("POST", server.url) as stream, pytest.raises(httpx2.RemoteProtocolError):
        stream.read()
