"""Connecting with the lean transport, and cancellation and time limits at every stage.

`test_under_gevent.py` runs this file once more in a patched process.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator

import httpx2
import pytest

from chat.net.cancel_scope import CancelScope
from chat.net.errors import ConnectFailed
from tests.llm.openai.transport.lean_requests import LONG_S, OK, SOON_S, BackgroundRequest, far, keeps, says


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
    """Make name look-ups hang until the test ends. Yield the hosts that were looked up."""
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
    """Yield a port where a connection neither succeeds nor fails, because its queue is full."""
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
    """Yield a port that accepts connections, but neither reads nor writes."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(params=["looking up", "connecting", "greeting", "sending", "waiting", "reading"])
def stuck_url(request) -> str:
    """Return an address at which a request hangs, for each stage."""
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
    failure = caught.value.__cause__
    assert isinstance(failure, ConnectFailed)
    assert isinstance(failure.__cause__, ssl.SSLCertVerificationError)
    assert server.exchanges == []
