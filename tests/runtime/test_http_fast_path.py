"""The fast path reads requests and writes responses exactly as gunicorn's own code does."""

from __future__ import annotations

import itertools
import os
import select
import threading
from pathlib import Path
from typing import Any

import pytest
from gevent import socket as cooperative
from gunicorn.config import Config
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader
from gunicorn.http.wsgi import FileWrapper, Response
from hypothesis import given
from hypothesis import strategies as st

from chat.runtime.http_fast_path import FastRequest, FastResponse
from chat.runtime.refusals import ProxiedRequest

TRUSTED, STRANGER = ("127.0.0.1", 4711), ("203.0.113.9", 4711)
USUAL = (
    b"POST /api/conversations/7/turns?x=1 HTTP/1.1\r\nHost: chat.example:5000\r\nCookie: parley_session=abc; b=c\r\n"
    b"Accept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n"
)


def read(kind: type[Request], parts: list[bytes], peer: tuple[str, int] = TRUSTED, **options: int) -> Any:
    """Return the attributes of the request that a parser reads from `parts`, or the name and message of its error."""
    unreader = IterUnreader(parts)
    config = Config()
    for name, value in options.items():
        config.set(name, value)
    try:
        request = kind(config, unreader, peer)
        body = request.body.read()
    except Exception as error:  # noqa: BLE001 - whatever it is, both must raise it
        return type(error).__name__, str(error)
    named = ("method", "uri", "path", "query", "fragment", "version", "headers", "scheme", "must_close", "trailers")
    attributes = {name: getattr(request, name) for name in named}
    return attributes | {
        "continue": request._expected_100_continue,
        "close": request.should_close(),
        "body": body,
        "framing": type(request.body.reader),
        "rest": unreader.take_buffered(),
    }


def same(parts: list[bytes], peer: tuple[str, int] = TRUSTED, **options: int) -> Any:
    request = read(FastRequest, parts, peer, **options)
    assert request == read(ProxiedRequest, parts, peer, **options)
    return request


def test_a_usual_head_is_read_without_gunicorns_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("not usual")

    expected = read(Request, [USUAL + b"thirteen byteGET"])
    monkeypatch.setattr(Request, "_parse_python", never)
    assert read(FastRequest, [USUAL + b"thirteen byteGET"]) == expected
    assert expected["rest"] == b"GET"


CASES = {
    "no body": [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
    "no header": [b"GET / HTTP/1.1\r\n\r\n"],
    "pipelined": [b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n"],
    "HTTP/1.0": [b"GET / HTTP/1.0\r\nHost: x\r\n\r\n"],
    "closing": [b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"],
    "bare line feeds": [b"GET / HTTP/1.1\nHost: x\n\n"],
    "folded": [b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"],
    "no colon": [b"GET / HTTP/1.1\r\nHost\r\n\r\n"],
    "blank before the colon": [b"GET / HTTP/1.1\r\nHost : x\r\n\r\n"],
    "no value": [b"GET / HTTP/1.1\r\nHost: x\r\nA:\r\nB: \r\nC:d\r\n\r\n"],
    "blanks around a value": [b"GET / HTTP/1.1\r\nHost: x\r\nA:  b \t\r\n\r\n"],
    "beyond ASCII": ["GET / HTTP/1.1\r\nHost: x\r\nA: é\r\n\r\n".encode()],
    "a control character": [b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x07\r\n\r\n"],
    "NUL": [b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n"],
    "underscore": [b"GET / HTTP/1.1\r\nHost: x\r\nX_Forwarded_Proto: https\r\nScript_Name: /a\r\n\r\n"],
    "two hosts": [b"GET / HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n"],
    "two types": [b"GET / HTTP/1.1\r\nContent-Type: a/b\r\nContent-type: c/d\r\n\r\n"],
    "two lengths": [b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"],
    "a length and chunks": [b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    "chunks": [b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"],
    "an unknown coding": [b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, x\r\n\r\n"],
    "length with a sign": [b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\nx"],
    "a cut body": [b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nx"],
    "expecting": [b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n"],
    "expecting too much": [b"POST / HTTP/1.1\r\nExpect: wonders\r\n\r\n"],
    "asterisk": [b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"],
    "absolute": [b"GET http://x/y HTTP/1.1\r\nHost: x\r\n\r\n"],
    "two slashes": [b"GET //x/y?z HTTP/1.1\r\nHost: x\r\n\r\n"],
    "fragment": [b"GET /a#b?c HTTP/1.1\r\nHost: x\r\n\r\n"],
    "queries": [b"GET /a;b:[c]?d?e=%2F&f HTTP/1.1\r\nHost: x\r\n\r\n"],
    "small letters": [b"get / HTTP/1.1\r\nHost: x\r\n\r\n"],
    "a long name for a method": [b"G" * 21 + b" / HTTP/1.1\r\nHost: x\r\n\r\n"],
    "a long target": [b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"],
    "a target that is too long": [b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"],
    "a long field": [b"GET / HTTP/1.1\r\nA: " + b"a" * 7000 + b"\r\n\r\n"],
    "a field that is too long": [b"GET / HTTP/1.1\r\nA: " + b"a" * 9000 + b"\r\n\r\n"],
    "a hundred fields": [b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 100 + b"\r\n"],
    "too many fields": [b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 101 + b"\r\n"],
    "an empty line first": [b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"],
    "ended within the head": [b"GET / HTTP/1.1\r\nHost: x\r\n"],
    "nothing": [b""],
}


@pytest.mark.parametrize("name", CASES)
def test_every_head_is_read_as_gunicorn_reads_it(name: str) -> None:
    same(CASES[name])
    same(CASES[name], STRANGER)


@pytest.mark.parametrize("option", ["limit_request_line", "limit_request_fields", "limit_request_field_size"])
def test_a_limit_that_was_set_holds(option: str) -> None:
    outcomes = [same([USUAL + b"thirteen byte"], **{option: limit}) for limit in range(0, 120, 3)]
    assert any(isinstance(outcome, tuple) for outcome in outcomes)  # refused
    assert any(isinstance(outcome, dict) for outcome in outcomes)


# What proxies write, one after the other: the first stands next to the browser.
SCHEMES = {
    b"https": "https", b"HTTPS": "https", b"https,https": "https", b"https, http": "https", b"https,": "https",
    b"http": "http", b"http,https": "http", b"http, https": "http", b",https": "http", b"httpsx": "http",
}  # fmt: skip


@pytest.mark.parametrize("peer", [TRUSTED, STRANGER])
def test_only_a_trusted_proxy_says_what_the_scheme_is(peer: tuple[str, int]) -> None:
    head = b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: %b\r\n%b\r\n"
    for name, scheme in SCHEMES.items():
        request = same([head % (name, b"")], peer)
        assert request["scheme"] == (scheme if peer == TRUSTED else "http"), name
    for lines, scheme in ((b"X-Forwarded-Proto: http\r\n", "https"), (b"X-Forwarded-Proto: https\r\n", "https")):
        assert same([head % (b"https", lines)], peer)["scheme"] == (scheme if peer == TRUSTED else "http")
    same([head % (b"https", b"X-Forwarded-Ssl: off\r\n")], peer)


@given(st.integers(0, len(USUAL) - 1), st.lists(st.sampled_from([0, 9, 10, 13, 32, 35, 47, 58, 95, 127, 200])))
def test_a_head_that_was_tampered_with_is_read_as_gunicorn_reads_it(at: int, bytes_put_in: list[int]) -> None:
    for tampered in (USUAL[:at] + bytes(bytes_put_in) + USUAL[at:], USUAL[:at] + bytes(bytes_put_in) + USUAL[at + 1 :]):
        same([tampered + b"thirteen byte"])


@given(st.lists(st.integers(1, len(USUAL) + 12), max_size=4))
def test_a_head_that_comes_in_pieces_is_read_as_a_whole(cuts: list[int]) -> None:
    whole = USUAL + b"thirteen byte"
    places = [0, *sorted(set(cuts)), len(whole)]
    parts = [whole[begin:end] for begin, end in itertools.pairwise(places)]
    assert same(parts) == same([whole])


class SentBytes:
    """A connection that stores the bytes that are sent."""

    def __init__(self) -> None:
        self.near, self._far = cooperative.socketpair()

    def respond(self, kind: type[Response], method: str, version: tuple[int, int], headers: Any, pieces: Any) -> bytes:
        """Return the bytes sent over the connection. `pieces` are parts of a body, or an open file."""
        request = Request(Config(), IterUnreader([b"%b / HTTP/1.%d\r\n\r\n" % (method.encode(), version[1])]), TRUSTED)
        response = kind(request, self.near, Config())
        received: list[bytes] = []
        reader = threading.Thread(target=lambda: received.extend(iter(lambda: _recv(self._far.fileno()), b"")))
        self._far.setblocking(True)
        reader.start()
        response.start_response("200 OK", headers)
        if hasattr(pieces, "read"):
            response.write_file(FileWrapper(pieces))
        else:
            for piece in pieces:
                response.write(piece)
        response.close()
        self.near.close()
        reader.join(30)
        self._far.close()
        return b"".join(received)


def _recv(descriptor: int) -> bytes:
    select.select([descriptor], [], [], 30)
    return os.read(descriptor, 65536)


def without_date(answer: bytes) -> bytes:
    return b"\r\n".join(line for line in answer.split(b"\r\n") if not line.startswith(b"Date: "))


PLAIN = [("Content-Type", "text/plain")]
BODIES = {
    "a stream": ("GET", (1, 1), PLAIN, [b"one", b"two"]),
    "empty pieces": ("GET", (1, 1), PLAIN, [b"", b"one", b"", b"two", b""]),
    "nothing": ("GET", (1, 1), PLAIN, []),
    "of a length": ("GET", (1, 1), [*PLAIN, ("Content-Length", "6")], [b"one", b"two", b"too much"]),
    "HTTP/1.0": ("GET", (1, 0), PLAIN, [b"one", b"two"]),
    "head only": ("HEAD", (1, 1), PLAIN, []),
    "more than a socket takes": ("GET", (1, 1), PLAIN, [b"x" * 5_000_000, b"y" * 3_000_000]),
    "header beyond ASCII": ("GET", (1, 1), [("X-Name", "\xe9")], [b"one"]),
}


@pytest.mark.parametrize("name", BODIES)
def test_an_answer_is_the_same_bytes(name: str) -> None:
    ours, theirs = (SentBytes().respond(kind, *BODIES[name]) for kind in (FastResponse, Response))
    assert without_date(ours) == without_date(theirs)


def test_a_file_comes_after_its_head(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"z" * 3_000_000)
    answers = []
    for kind in (FastResponse, Response):
        with path.open("rb") as file:
            answers.append(without_date(SentBytes().respond(kind, "GET", (1, 1), PLAIN, file)))
    assert answers[0] == answers[1]
    assert answers[0].startswith(b"HTTP/1.1 200 OK\r\n")


def test_the_head_and_the_first_piece_are_one_sending() -> None:
    near, far = cooperative.socketpair()
    response = FastResponse(Request(Config(), IterUnreader([b"GET / HTTP/1.1\r\n\r\n"]), TRUSTED), near, Config())
    sent: list[bytes] = []
    response._send_at_once = lambda data: sent.append(data) or len(data)
    response.start_response("200 OK", PLAIN)
    response.write(b"one")
    response.write(b"two")
    response.close()
    near.close()
    far.close()
    head, end, rest = sent[0].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert (end, rest) == (b"\r\n\r\n", b"3\r\none\r\n")
    assert sent[1:] == [b"3\r\ntwo\r\n", b"0\r\n\r\n"]


def test_of_an_answer_that_is_complete_nothing_more_is_sent() -> None:
    near, far = cooperative.socketpair()
    response = FastResponse(Request(Config(), IterUnreader([b"GET / HTTP/1.1\r\n\r\n"]), TRUSTED), near, Config())
    response.start_response("200 OK", [*PLAIN, ("Content-Length", "3")])
    response.write(b"one")
    far.close()  # it has all it was promised
    response.close()
    near.close()


def test_what_is_no_plain_socket_of_gevents_is_left_to_its_own_sendall() -> None:
    class Encrypted(cooperative.socket):
        """A stand-in for a TLS socket, which has a plain socket beneath it."""

        def sendall(self, data: Any, flags: int = 0) -> None:
            super().sendall(b"<" + bytes(data) + b">", flags)

    near, far = cooperative.socketpair()
    tls = Encrypted(fileno=near.detach())
    response = FastResponse(Request(Config(), IterUnreader([b"GET / HTTP/1.1\r\n\r\n"]), TRUSTED), tls, Config())
    response.start_response("200 OK", PLAIN)
    response.write(b"one")
    tls.close()
    received = far.recv(65536)
    far.close()
    assert received.startswith(b"<HTTP/1.1 200 OK")
    assert received.endswith(b"3\r\none\r\n>")
