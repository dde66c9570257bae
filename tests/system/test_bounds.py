"""Bounds of a real server on the bytes, the time and the threads of clients, in both modes."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from scripts.fake_llm import FakeLLM
from scripts.kit.sse import Event

from ..servers.parley import ParleyServer, User, text_of, wanting

pytestmark = pytest.mark.system

TIMEOUT_S = 2.0
PROMPT_S = 1.0
# The machine has other things to do.
SLACK_S = 4.0
THREADS = 2


@pytest.fixture(scope="module", params=["true", "false"], ids=["gevent", "gthread"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyServer]:
    with FakeLLM() as llm:
        settings = {
            "USE_ASYNC_AGENT": request.param,
            "WEB_CONCURRENCY": 2,
            "THREADS": THREADS,
            "OPENAI_BASE_URL": llm.base_url,
            "CHAT_MODEL": "fake",
            "REQUEST_TIMEOUT_S": TIMEOUT_S,
        }
        with ParleyServer(tmp_path_factory.mktemp("server"), **settings) as server:
            yield server


HOST = b"Host: localhost\r\n"
POST = b"POST /api/conversations HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
LENGTH = POST + b"Content-Length: %d\r\n\r\n"

# What is sent, whether that is its end, and the status and the code that it gets; no status: no answer, but an end.
RUDE = {
    "a body in chunks": (CHUNKED + b"2\r\n{}\r\n0\r\n\r\n", False, 201, ""),
    "a chunk's extension": (CHUNKED + b"2;a=b\r\n{}\r\n0\r\nA: b\r\n\r\n", False, 201, ""),
    "a body shorter than it said": (LENGTH % 10 + b"{}", True, 400, "bad_request"),
    "chunks without an end": (CHUNKED + b"5\r\n{}", True, 400, "bad_request"),
    "no chunk's size": (CHUNKED + b"zz\r\n{}", False, 400, "bad_request"),
    "a forbidden trailer": (CHUNKED + b"0\r\nHost: x\r\n\r\n", False, 400, "bad_request"),
    "an announced 100 GB": (LENGTH % 10**11 + b"{}", False, 413, "too_large"),
    "2 MB in chunks": (CHUNKED + b"10000\r\n%b\r\n" % (b" " * 65536) * 32, False, 413, "too_large"),
    "2 MB around a few bytes": (CHUNKED + b"1;a=%b\r\n \r\n" % (b"b" * 4000) * 500, False, 413, "too_large"),
    "trailers that do not end": (CHUNKED + b"0\r\n" + b"A: b\r\n" * 500_000, False, 400, "bad_request"),
    "a head that does not end": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 30_000, False, 431, "headers_too_large"),
    "a head that comes no further": (b"GET /healthz HTTP/1.1\r\n" + HOST, False, 408, "request_timeout"),
    "a body that comes no further": (LENGTH % 10 + b"{}", False, 408, "request_timeout"),
    "chunks that come no further": (CHUNKED + b"2\r\n{}", False, 408, "request_timeout"),
    "nothing": (b"", False, None, ""),
    "a head's half": (b"GET / HTTP", True, None, ""),
}


@pytest.mark.parametrize("name", RUDE)
def test_who_is_rude_is_told_so_and_the_connection_ends(server: ParleyServer, name: str) -> None:
    sent, ended, status, code = RUDE[name]
    since = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        with contextlib.suppress(ConnectionError):  # the server may have had enough of it
            connection.sendall(sent)
            if ended:
                connection.shutdown(socket.SHUT_WR)
        answer = _all_of(connection) if status != 201 else connection.recv(65_536)
    assert time.monotonic() - since < TIMEOUT_S + SLACK_S
    head, _, body = answer.partition(b"\r\n\r\n")
    if status is None:
        assert answer == b""
    else:
        assert head.startswith(b"HTTP/1.1 %d " % status)
        assert not code or json.loads(body)["error"]["code"] == code


def test_a_byte_now_and_then_is_no_way_to_stay(server: ParleyServer) -> None:
    for opening in (b"GET /healthz HTTP/1.1\r\nA: ", LENGTH % 1000):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall(opening)
            since = time.monotonic()
            connection.settimeout(0.1)
            answer = b""
            while not answer and time.monotonic() - since < 3 * TIMEOUT_S + SLACK_S:
                connection.sendall(b" ")
                with contextlib.suppress(TimeoutError):
                    answer = connection.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - since > TIMEOUT_S - 0.5


def test_an_answer_that_nobody_takes_is_given_up(server: ParleyServer) -> None:
    user = User(server.url)
    conversation = user.conversation()
    turn = user.ask(conversation, wanting(tokens=40_000, gap=0, first=0))[0].data["turn_id"]
    cookie = "; ".join(f"{name}={value}" for name, value in user.session.cookies.items())
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(30)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(
            b"GET /api/turns/%d/events HTTP/1.1\r\n" % turn + HOST + b"Cookie: %b\r\n\r\n" % cookie.encode()
        )
        until_it_ends = select.poll()
        until_it_ends.register(connection, 0)
        assert until_it_ends.poll(30_000)
        with pytest.raises(ConnectionError):
            while connection.recv(65_536):
                pass
    # Who does take it, slowly, has it all.
    with user.get(f"/api/turns/{turn}/events", stream=True) as answer:
        received = b""
        for piece in answer.iter_content(131_072):
            received += piece
            time.sleep(0.2)
    assert b"event: done" in received[-1000:]


def _all_of(connection: socket.socket) -> bytes:
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


@contextlib.contextmanager
def gthread_server(folder: Path) -> Iterator[ParleyServer]:
    """Run two gthread workers of THREADS threads each."""
    with (
        FakeLLM() as llm,
        ParleyServer(
            folder,
            USE_ASYNC_AGENT="false",
            WEB_CONCURRENCY=2,
            THREADS=THREADS,
            OPENAI_BASE_URL=llm.base_url,
            CHAT_MODEL="fake",
        ) as server,
    ):
        server.wait_for_workers(2)
        yield server


def long_answers(streams: contextlib.ExitStack, users: list[User], conversations: list[int]) -> list[Iterator[Event]]:
    """Have each user ask a question whose answer takes a minute."""
    long = wanting(tokens=600, gap=0.1, first=0.1)
    return [
        streams.enter_context(user.asking(conversation, long))
        for user, conversation in zip(users, conversations, strict=True)
    ]


def test_while_all_threads_stream_whatever_is_short_gets_through(tmp_path: Path) -> None:
    with gthread_server(tmp_path) as server, ThreadPoolExecutor(8) as threads:
        users = [User(server.url) for _ in range(2 * THREADS + 1)]
        places = [user.conversation() for user in users]
        with contextlib.ExitStack() as streams:
            answers = long_answers(streams, users[:-1], places[:-1])
            turns = [next(events).data["turn_id"] for events in answers]
            # One more waits, and is answered in the end.
            last = threads.submit(users[-1].ask, places[-1], "Hello " + wanting(echo=1, first=0.1))
            time.sleep(0.5)
            assert not last.done()
            for path in ("/healthz", "/readyz", "/", "/api/me"):
                assert _promptly(lambda path=path: users[0].get(path)).ok
            followed = _promptly(lambda: users[1].get(f"/api/turns/{turns[1]}/events", stream=True))
            assert next(followed.iter_lines()).startswith(b"id: 1")
            stopped = _promptly(lambda: users[0].post(f"/api/turns/{turns[0]}/stop"))
            assert stopped.json()["status"] == "stopped"
            assert "Hello" in text_of(last.result(60))
            followed.close()
            for user, turn in zip(users, turns, strict=False):
                user.post(f"/api/turns/{turn}/stop")


def test_a_turn_that_waits_in_a_full_worker_has_the_place_of_another(tmp_path: Path) -> None:
    with gthread_server(tmp_path) as server, contextlib.ExitStack() as streams:
        users = [User(server.url) for _ in range(THREADS + 1)]
        places = [user.conversation() for user in users]
        idle = server.workers[0]
        time.sleep(1)  # it reports itself a moment before it has places
        os.kill(idle, signal.SIGSTOP)
        streams.callback(os.kill, idle, signal.SIGCONT)
        open_streams = long_answers(streams, users[:-1], places[:-1])
        first_events = [next(events) for events in open_streams]
        # The full worker takes in the next one too, since the other one does not move.
        since = time.monotonic()
        answer = users[-1].ask(places[-1], "Hello " + wanting(echo=1, first=0.1))
        assert time.monotonic() - since < 30  # the others' answers last for 60
        os.kill(idle, signal.SIGCONT)
        assert "Hello" in text_of(answer)
        assert not any(event.data["worker"].endswith(f":{idle}") for event in first_events)
        assert {event.data["worker"] for event in first_events} == {answer[0].data["worker"]}
        for user, event in zip(users, first_events, strict=False):
            user.post(f"/api/turns/{event.data['turn_id']}/stop")


def _promptly(ask) -> requests.Response:  # type: ignore[no-untyped-def]
    since = time.monotonic()
    answer: requests.Response = ask()
    assert time.monotonic() - since < PROMPT_S + SLACK_S / 2
    return answer
