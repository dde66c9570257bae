"""The lean transport over real connections: reuse, loss, TLS, cancellation at every stage.

`test_under_gevent.py` runs this file once more in a patched process.
"""

from __future__ import annotations

import contextlib
import gc
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

import httptools
import httpx2
import pytest

from chat.llm.lean import LeanTransport, RequestTemplate
from chat.net import pool
from chat.net.cancel_scope import CancelScope, use_scope
from chat.net.read_batching import BATCH_FROM, MAX_DELAY_S
from chat.net.response_parser import ResponseParser

from .conftest import CERTIFICATE
from .scripted_server import Exchange

OK = b"HTTP/1.1 200 OK\r\n"
LONG_S = 60.0
SOON_S = 5.0


def says(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", body])


def keeps(response: bytes) -> Callable[[Exchange], None]:
    """A script: this response each time, and the connection stays open."""

    def script(exchange: Exchange) -> None:
        exchange.keep_alive = True
        exchange.send(response)

    return script


@pytest.fixture
def client(restless) -> Iterator[httpx2.Client]:
    with httpx2.Client(transport=LeanTransport(ssl.create_default_context(cafile=CERTIFICATE)), timeout=10) as client:
        yield client


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def tls(request) -> bool:
    return request.param


def far() -> CancelScope:
    return CancelScope(time.monotonic() + LONG_S)


# Requests and responses


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


@pytest.mark.parametrize("body", [b" ", b"{}", b"\r\n\r\nContent-Length: 7\r\n", b"%d%b", b"x" * 100_000])
def test_a_sample_with_a_body_is_the_request_with_that_body(serve, body):
    server = serve(keeps(says(b"hello")))
    headers = {"Authorization": "Bearer content-length: 5", "X-Content-Length": "6"}
    template = RequestTemplate(
        httpx2.Request("POST", f"{server.url}/x?content-length: 3", headers=headers, content=b"???")
    )
    transport = LeanTransport(ssl.create_default_context())
    with httpx2.Client(transport=transport) as client:
        client.send(httpx2.Request("POST", f"{server.url}/x?content-length: 3", headers=headers, content=body))
        answer = transport.send_template(template, body)
        assert (answer.status, b"".join(answer.body)) == (200, b"hello")
    theirs, ours = server.exchanges
    assert (ours.head, ours.body) == (theirs.head, theirs.body)
    assert ours.body == body


@pytest.mark.parametrize("headers", [[(b"X-One", b"1\r\nX-Two: 2")], [(b"X One", b"1")]])
def test_no_header_can_be_smuggled_into_a_sample(headers):
    with pytest.raises(httpx2.LocalProtocolError):
        RequestTemplate(httpx2.Request("POST", "http://model.test/", headers=headers, content=b"x"))


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


# Connections kept alive


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
@pytest.mark.parametrize("kept", [True, False])
def test_nothing_is_ever_sent_twice(serve, client, come, kept):
    def script(exchange: Exchange) -> None:
        if kept and len(server.exchanges) == 1:
            keeps(says(b"hello"))(exchange)
        else:
            exchange.send(come)

    server = serve(script)
    if kept:
        client.post(server.url)
    with pytest.raises(httpx2.RemoteProtocolError):
        client.post(server.url)
    assert connections(server) == ([0, 0] if kept else [0])


def test_what_has_been_idle_for_long_is_closed(serve, client, monkeypatch):
    def script(exchange: Exchange) -> None:
        keeps(says(b"hello"))(exchange)
        if exchange.connection == 0:
            left.append(exchange.client_left())

    left: list[bool] = []
    server = serve(script)
    client.post(server.url)
    monkeypatch.setattr(pool, "KEEPALIVE_S", -1.0)
    client.post(server.url)
    assert connections(server) == [0, 1]
    server.close()
    assert left == [True]


def test_no_more_are_kept_than_may_be(serve, client, monkeypatch):
    monkeypatch.setattr(pool, "MAX_IDLE_CONNECTIONS", 1)
    server = serve(keeps(says(b"hello")))
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


# Reaching the endpoint


def test_the_next_address_is_tried(serve, client, monkeypatch):
    server = serve(keeps(says(b"hello")))
    port = int(server.url.split(":")[2].split("/")[0])
    addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in ("127.0.0.2", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
    assert client.post(f"http://model.test:{port}/").text == "hello"


def test_an_address_that_does_not_answer_leaves_time_for_the_next(serve, client, monkeypatch):
    server = serve(keeps(says(b"hello")))
    port = int(server.url.split(":")[2].split("/")[0])
    addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in ("127.0.0.2", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
    client.timeout = httpx2.Timeout(LONG_S, connect=0.6)
    with full_queue("127.0.0.2", port):
        assert client.post(f"http://model.test:{port}/").text == "hello"


@pytest.fixture
def silent_resolver(monkeypatch) -> Iterator[list[str]]:
    """Name look-ups never end; yields the hosts."""
    hosts: list[str] = []
    over = threading.Event()

    def getaddrinfo(host: str, *_: object, **__: object) -> list[object]:
        hosts.append(host)
        over.wait(LONG_S)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield hosts
    over.set()


@contextlib.contextmanager
def full_queue(host: str, port: int = 0) -> Iterator[int]:
    """A port where connecting neither succeeds nor fails: its queue is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((host, port), backlog=0))
        for _ in range(8):
            sock = stack.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.fixture
def deaf_port() -> Iterator[int]:
    with full_queue("127.0.0.1") as port:
        yield port


@pytest.fixture
def mute_port() -> Iterator[int]:
    """A port that takes connections, and neither reads nor says anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(params=["looking up", "connecting", "greeting", "sending", "waiting", "reading"])
def stuck_url(request) -> str:
    """An address where a request gets stuck, at each stage."""
    if request.param == "looking up":
        request.getfixturevalue("silent_resolver")
        return "http://model.test/"
    if request.param == "connecting":
        return f"http://127.0.0.1:{request.getfixturevalue('deaf_port')}/"
    if request.param == "greeting":
        return f"https://127.0.0.1:{request.getfixturevalue('mute_port')}/"
    if request.param == "sending":
        return f"http://127.0.0.1:{request.getfixturevalue('mute_port')}/long"
    first = b"" if request.param == "waiting" else OK + b"Content-Length: 9\r\n\r\nhel"
    server = request.getfixturevalue("serve")(lambda exchange: (exchange.send(first), exchange.client_left(LONG_S)))
    return server.url


class BackgroundRequest:
    """A request in a thread of its own, on a scope."""

    def __init__(self, client: httpx2.Client, url: str, scope: CancelScope) -> None:
        self.error: Exception | None = None
        self._arguments = (client, url, scope)
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def _send(self) -> None:
        client, url, scope = self._arguments
        try:
            with use_scope(scope):
                client.post(url, content=b"x" * (20_000_000 if url.endswith("long") else 1))
        except httpx2.HTTPError as error:
            self.error = error

    def has_ended(self, within_s: float = SOON_S) -> bool:
        self._thread.join(within_s)
        return not self._thread.is_alive()


@pytest.mark.parametrize("early", [True, False])
def test_hanging_up_ends_it_at_every_stage(client, stuck_url, early):
    client.timeout = httpx2.Timeout(LONG_S)
    scope = far()
    if early:
        scope.cancel()
    request = BackgroundRequest(client, stuck_url, scope)
    if not early:
        assert not request.has_ended(0.1), request.error
        scope.cancel()
    assert request.has_ended()
    assert isinstance(request.error, httpx2.TransportError)


def test_the_deadline_ends_it_at_every_stage(client, stuck_url):
    client.timeout = httpx2.Timeout(LONG_S)
    request = BackgroundRequest(client, stuck_url, CancelScope(time.monotonic() + 0.1))
    assert request.has_ended()
    assert isinstance(request.error, httpx2.TimeoutException)


def test_the_time_limits_end_it_at_every_stage(client, stuck_url):
    client.timeout = httpx2.Timeout(0.1)
    request = BackgroundRequest(client, stuck_url, far())
    assert request.has_ended()
    assert isinstance(request.error, httpx2.TimeoutException)


def test_many_who_ask_for_a_name_share_its_look_up(client, silent_resolver):
    client.timeout = httpx2.Timeout(LONG_S)
    scopes = [far() for _ in range(10)]
    requests = [BackgroundRequest(client, "http://model.test/", scope) for scope in scopes]
    assert not requests[-1].has_ended(0.1)
    for scope in scopes:
        scope.cancel()
    assert all(request.has_ended() for request in requests)
    assert silent_resolver == ["model.test"]


def test_a_greeting_that_drips_is_bounded(client):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            sock, _ = listener.accept()
            with sock, contextlib.suppress(OSError):
                sock.sendall(b"\x16\x03\x03\x40\x00")
                while not left.wait(0.02):
                    sock.sendall(b"\x02")

        left = threading.Event()
        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(httpx2.ConnectTimeout):
            client.get(f"https://127.0.0.1:{listener.getsockname()[1]}/", timeout=0.2)
        left.set()
        thread.join(SOON_S)


def test_a_certificate_for_another_host_is_not_trusted(serve, client, monkeypatch):
    server = serve(keeps(says(b"hello")), tls=True)
    port = int(server.url.split(":")[2].split("/")[0])
    address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [address])
    with pytest.raises(httpx2.ConnectError) as caught:
        client.post(f"https://model.test:{port}/")
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
    assert server.exchanges == []


# Many at once


def test_readers_gather_only_where_there_are_many(serve):
    transport = LeanTransport(ssl.create_default_context())
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(httpx2.Client(transport=transport))
        server = serve(lambda exchange: (exchange.send(OK + b"\r\nhello"), exchange.client_left(LONG_S)))
        for _ in range(BATCH_FROM - 1):
            stack.enter_context(client.stream("POST", server.url))
        assert transport.read_delay_s() == 0.0
        with client.stream("POST", server.url):
            assert 0.0 < transport.read_delay_s() <= MAX_DELAY_S
        assert transport.read_delay_s() == 0.0


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


def test_a_reader_that_gathers_can_be_hung_up(serve):
    transport = LeanTransport(ssl.create_default_context())
    transport.read_delay_s = lambda: LONG_S
    scope = CancelScope(time.monotonic() + 0.3)
    scope.allow_read_batching()
    server = serve(lambda exchange: (exchange.send(OK + b"\r\nhello"), exchange.client_left(LONG_S)))
    with httpx2.Client(transport=transport) as client:
        request = BackgroundRequest(client, server.url, scope)
        assert request.has_ended()
    assert isinstance(request.error, httpx2.TimeoutException)
