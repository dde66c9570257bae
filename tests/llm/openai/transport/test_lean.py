"""The lean transport over real connections: requests, responses, and many at once.

`test_under_gevent.py` runs this file once more in a patched process.
"""

from __future__ import annotations

import gc
import socket
import ssl
import threading
import time

import httptools
import httpx2
import pytest

from chat.llm.openai.transport.lean import LeanTransport
from chat.net.cancel_scope import CancelScope, use_scope
from chat.net.read_batching import BATCH_FROM, ReadBatching
from chat.net.response_parser import ResponseParser
from tests.llm.openai.transport.lean_requests import LONG_S, OK, SOON_S, BackgroundRequest, far, keeps, says
from tests.servers.scripted_server import Exchange


def test_what_is_sent(serve, client):
    server = serve(keeps(says(b"hello")))
    response = client.post(f"{server.url}/x?a=b c", content=b"body", headers={"X-One": "1"})
    (exchange,) = server.exchanges
    scopes = exchange.head.split(b"\r\n")
    assert scopes[0] == b"POST /v1/x?a=b%20c HTTP/1.1"
    assert b"Host: " + server.url.split("/")[2].encode() in scopes
    assert b"X-One: 1" in scopes
    assert exchange.body == b"body"
    assert (response.status_code, response.text) == (200, "hello")


def test_an_answer_leaves_nothing_in_circles(serve, client):
    server = serve(keeps(says(b"hello")))
    gc.collect()
    gc.disable()
    try:
        client.post(server.url)
        left = [each for each in gc.get_objects() if isinstance(each, (ResponseParser, httptools.HttpResponseParser))]
    finally:
        gc.enable()
    assert left == []


@pytest.mark.parametrize(
    "headers", [[(b"X-One", b"1\r\nX-Two: 2")], [(b"X-One\r\nX-Two", b"1")], [(b"X One", b"1")], [(b"X-One", b"1\x00")]]
)
def test_no_header_can_be_smuggled_into_a_request(serve, client, headers):
    server = serve(keeps(says(b"hello")))
    with pytest.raises(httpx2.LocalProtocolError):
        client.post(server.url, headers=headers)
    assert server.exchanges == []


def test_no_second_request_can_be_smuggled_in_by_a_method(serve, client):
    server = serve(keeps(says(b"hello")))
    with pytest.raises(httpx2.LocalProtocolError):
        client.request("GET / HTTP/1.1\r\nHost: x\r\n\r\nPOST", server.url)
    assert server.exchanges == []


def test_only_http_is_spoken(client):
    with pytest.raises(httpx2.UnsupportedProtocol):
        client.get("ftp://127.0.0.1/")


def test_without_any_limit_of_time(serve, client):
    server = serve(keeps(says(b"hello")))
    client.timeout = httpx2.Timeout(None)
    assert client.post(server.url.replace("127.0.0.1", "localhost")).text == "hello"


def test_head(serve, client):
    server = serve(keeps(OK + b"Content-Length: 5\r\n\r\n"))
    response = client.head(server.url)
    assert (response.headers["content-length"], response.content) == ("5", b"")


def test_a_large_body_both_ways(serve, client, tls):
    body = bytes(range(256)) * 8192  # many TLS records and many reads
    server = serve(lambda exchange: exchange.send(says(exchange.body)), tls=tls)
    assert client.post(server.url, content=body).content == body


def test_a_refusal_in_the_middle_of_a_request_is_read(client):
    """The server answers after the first bytes of a long body and closes: sending the rest fails."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.recv(1000)
                sock.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")

        thread = threading.Thread(target=refuse)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        response = client.post(url, content=b"x" * 20_000_000)
        thread.join()
    assert (response.status_code, response.text) == (413, "no")


# Many at once


def test_what_is_gathered_is_whole_and_in_order(serve, client, tls):
    words = [b"%d " % number for number in range(200)]

    def script(exchange: Exchange) -> None:
        gate.wait(SOON_S)
        exchange.send_chunked(words)

    def read(number: int) -> None:
        scope = far()
        scope.allow_read_batching()
        with use_scope(scope):
            answers[number] = client.post(server.url).content

    count = 2 * BATCH_FROM
    gate = threading.Barrier(count)
    answers: dict[int, bytes] = {}
    server = serve(script, tls=tls)
    threads = [threading.Thread(target=read, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == dict.fromkeys(range(count), b"".join(words))


class LongDelays(ReadBatching):
    def delay_s(self, reading: int) -> float:
        return LONG_S


def test_a_reader_that_gathers_can_be_hung_up(serve):
    transport = LeanTransport(ssl.create_default_context(), LongDelays())
    scope = CancelScope(time.monotonic() + 0.3)
    scope.allow_read_batching()
    server = serve(lambda exchange: (exchange.send(OK + b"\r\nhello"), exchange.client_left(LONG_S)))
    with httpx2.Client(transport=transport) as client:
        request = BackgroundRequest(client, server.url, scope)
        assert request.has_ended()
    assert isinstance(request.error, httpx2.TimeoutException)
