"""As many slow clients as a worker has connections: all other clients are still answered, and soon."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from scripts.fake_llm import FakeLLM

from ..servers.parley import ROOT, ParleyServer, User, text_of, wanting

pytestmark = pytest.mark.system

# A second, and what the machine has to do besides. The clients' own time is much longer.
PROMPT_S = 2.0
REQUEST_TIMEOUT_S = 60
LARGE = "vendor/katex/katex.js"

KINDS = {
    "say nothing": b"",
    "send half a head": b"GET / HTTP/1.1\r\nHost: local",
    "send half a body": b"POST /api/conversations HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    "take no answer": b"GET %(large)b HTTP/1.1\r\nHost: localhost\r\n\r\n",
}

# More than lies between the server and a client that does not read.
LONG = wanting(tokens=40_000, gap=0, first=0)

CLOSING = b"\r\nConnection: close\r\n\r\n"


@pytest.fixture(
    scope="module",
    params=[("true", 50), ("false", 50), ("false", 150)],
    ids=["gevent", "gthread", "gthread, more than it lets wait"],
)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyServer]:
    mode, connections = request.param
    settings = {
        "USE_ASYNC_AGENT": mode,
        "WEB_CONCURRENCY": 1,
        "THREADS": 4,
        "WORKER_CONNECTIONS": connections,
        "REQUEST_TIMEOUT_S": REQUEST_TIMEOUT_S,
    }
    with ParleyServer(tmp_path_factory.mktemp("server"), **settings) as server:
        yield server


@pytest.fixture(scope="module")
def large(server: ParleyServer) -> str:
    """Return the path of a file that is larger than all buffers between the server and a client."""
    assert (ROOT / "chat" / "web" / "static" / LARGE).stat().st_size > 200_000
    page = requests.get(server.url, timeout=10).text
    match = re.search(r"/static/[0-9a-f]+/", page)
    assert match
    return match[0] + LARGE


@pytest.mark.parametrize("kind", KINDS)
def test_others_are_answered_beside_slow_clients(server: ParleyServer, large: str, kind: str) -> None:
    sent = KINDS[kind].replace(b"%(large)b", large.encode())
    with contextlib.ExitStack() as clients:
        for _ in range(int(str(server.settings["WORKER_CONNECTIONS"]))):
            clients.enter_context(slow_client(server, sent))
        for path in ("/healthz", "/api/me", "/healthz"):
            since = time.monotonic()
            assert requests.get(server.url + path, timeout=10).status_code == 200
            assert time.monotonic() - since < PROMPT_S
    assert "Traceback" not in server.console()


def test_streams_that_are_not_taken_leave_their_places(tmp_path: Path) -> None:
    """A gthread server has as many clients that ask or follow as threads, and none of them reads a byte."""
    threads = 2
    with FakeLLM() as llm:
        settings = {
            "USE_ASYNC_AGENT": "false",
            "WEB_CONCURRENCY": 1,
            "THREADS": threads,
            "OPENAI_BASE_URL": llm.base_url,
            "CHAT_MODEL": "fake",
            "REQUEST_TIMEOUT_S": REQUEST_TIMEOUT_S,
        }
        with ParleyServer(tmp_path, **settings) as server, contextlib.ExitStack() as clients:
            user = User(server.url)
            turn = user.ask(user.conversation(), LONG)[0].data["turn_id"]
            for _ in range(4 * threads):
                clients.enter_context(slow_client(server, _follow(turn, user)))
            for _ in range(threads):
                asking = User(server.url)
                clients.enter_context(slow_client(server, _ask(asking.conversation(), asking)))
            since = time.monotonic()
            # At once it may be refused, for a moment.
            while (followed := user.get(f"/api/turns/{turn}/events", stream=True)).status_code == 503:
                assert time.monotonic() - since < REQUEST_TIMEOUT_S / 3
                time.sleep(0.1)
            with followed:
                assert next(followed.iter_lines()).startswith(b"id: 1")
            assert "Hello" in text_of(user.ask(user.conversation(), "Hello " + wanting(echo=1, first=0)))
            assert time.monotonic() - since < REQUEST_TIMEOUT_S / 3


def _follow(turn: int, user: User) -> bytes:
    return b"GET /api/turns/%d/events HTTP/1.1\r\n%b\r\n" % (turn, _headers(user))


def _ask(conversation: int, user: User) -> bytes:
    body = json.dumps({"text": LONG}).encode()
    kind = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    head = b"POST /api/conversations/%d/turns HTTP/1.1\r\n" % conversation
    return head + _headers(user) + kind + b"\r\n" + body


def _headers(user: User) -> bytes:
    cookies = "; ".join(f"{name}={value}" for name, value in user.session.cookies.items())
    return f"Host: localhost\r\nAccept: text/event-stream\r\nCookie: {cookies}\r\n".encode()


def test_one_that_is_slow_where_there_is_room_has_it_all(server: ParleyServer, large: str) -> None:
    expected = (ROOT / "chat" / "web" / "static" / LARGE).read_bytes()
    asking = KINDS["take no answer"].replace(b"%(large)b", large.encode()).replace(b"\r\n\r\n", CLOSING)
    with slow_client(server, asking) as client:
        time.sleep(0.6)
        received = b""
        while part := client.recv(20_000):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == expected


def slow_client(server: ParleyServer, sent: bytes) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    client.settimeout(30)
    client.connect(("127.0.0.1", server.port))
    with contextlib.suppress(ConnectionError):  # it may have had to make room already
        client.sendall(sent)
    return client
