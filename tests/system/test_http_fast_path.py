"""A gevent server gives the same answers with and without the fast path."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.parley import ParleyServer, User, text_of


@pytest.fixture(scope="module", params=["lean", "standard"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyServer]:
    folder: Path = tmp_path_factory.mktemp("front")
    with ParleyServer(folder, HTTP_FRONT=request.param, WEB_CONCURRENCY=1) as running:
        yield running


def response(server: ParleyServer, request: bytes) -> bytes:
    """Return the whole response, on a connection of its own."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as wire:
        wire.sendall(request)
        return b"".join(iter(lambda: wire.recv(65536), b""))


CLOSE = b"Host: localhost\r\nConnection: close\r\n"


def test_a_question_is_answered(server: ParleyServer) -> None:
    user = User(server.url)
    events = user.ask(user.conversation(), "Show me China market data")
    assert [events[0].name, events[-1].name] == ["turn", "done"]
    assert events[-1].data["status"] == "completed"
    assert "China" in text_of(events)


def test_files_of_the_page_are_whole(server: ParleyServer) -> None:
    page = response(server, b"GET / HTTP/1.1\r\n" + CLOSE + b"\r\n")
    path = re.search(rb'src="(/static/[^"]+\.js)"', page)
    assert path
    head, _, body = response(server, b"GET %b HTTP/1.1\r\n%b\r\n" % (path[1], CLOSE)).partition(b"\r\n\r\n")
    assert b"Content-Length: %d\r\n" % len(body) in head + b"\r\n"
    assert len(body) > 100
    head_alone = response(server, b"HEAD %b HTTP/1.1\r\n%b\r\n" % (path[1], CLOSE))
    assert head_alone.endswith(b"\r\n\r\n")
    assert b"Content-Length: %d\r\n" % len(body) in head_alone


def test_requests_that_come_together_are_answered_one_after_the_other(server: ParleyServer) -> None:
    two = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + b"GET /api/nothing HTTP/1.1\r\n" + CLOSE + b"\r\n"
    assert re.findall(rb"HTTP/1.1 (\d+)", response(server, two)) == [b"200", b"404"]


REFUSED = {
    "a length and chunks": b"POST /api/conversations HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n",
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: y\r\n",
    "two lengths": b"POST /api/conversations HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n",
    "a name that is none": b"GET /healthz HTTP/1.1\r\nA b: c\r\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_be_read_in_two_ways_is_refused(server: ParleyServer, name: str) -> None:
    assert response(server, REFUSED[name] + CLOSE + b"\r\n{}").startswith(b"HTTP/1.1 400 ")


def test_a_body_in_chunks_is_read_and_one_that_is_expected_is_asked_for(server: ParleyServer) -> None:
    head = b"POST /api/conversations HTTP/1.1\r\nContent-Type: application/json\r\n" + CLOSE
    assert b" 201 " in response(server, head + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    expected = response(server, head + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}")
    assert re.findall(rb"HTTP/1.1 (\d+)", expected) == [b"100", b"201"]
