"""Responses cut at every byte, and invalid responses."""

from __future__ import annotations

import itertools
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.net.cancel_scope import MAX_HEAD_BYTES
from chat.net.errors import InvalidResponse
from chat.net.response_parser import MAX_FRAMING_BYTES, ResponseParser

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

RESPONSES = {
    "chunked": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nX-One: 1\r\nX-One: 2\r\ntransfer-encoding: Chunked\r\n\r\n"
        b"5;name=value\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n",
        b"hello 0123456789",
        True,
    ),
    "a length": (OK + b"Content-Length: 5\r\n\r\nhello", b"hello", True),
    "no body": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "told to close": (OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello", b"hello", False),
    "an old server": (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello", False),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", b"", True),
}


def fed(*pieces: bytes) -> ResponseParser:
    parser = ResponseParser()
    for piece in pieces:
        parser.feed(piece)
    return parser


@pytest.mark.parametrize(("response", "body", "usable"), RESPONSES.values(), ids=RESPONSES)
def test_cut_at_every_byte(response, body, usable):
    for cut in range(len(response) + 1):
        parser = ResponseParser()
        read = b""
        for piece in (response[:cut], response[cut:]):
            parser.feed(piece)
            read += parser.read_body()
        assert (parser.complete, read, parser.keeps_connection) == (True, body, usable), cut


@pytest.mark.parametrize(("response", "body", "usable"), RESPONSES.values(), ids=RESPONSES)
def test_byte_by_byte(response, body, usable):
    parser = fed(*(bytes([byte]) for byte in response))
    assert (parser.complete, parser.read_body(), parser.keeps_connection) == (True, body, usable)


@given(st.lists(st.integers(0, len(RESPONSES["chunked"][0])), max_size=12).map(sorted))
def test_cut_anywhere_and_often(cuts):
    response, body, _ = RESPONSES["chunked"]
    edges = [0, *cuts, len(response)]
    parser = fed(*(response[start:end] for start, end in itertools.pairwise(edges)))
    assert parser.read_body() == body
    assert parser.headers == [(b"X-One", b"1"), (b"X-One", b"2"), (b"transfer-encoding", b"Chunked")]


@pytest.mark.parametrize(("response", "body", "usable"), RESPONSES.values(), ids=RESPONSES)
def test_a_connection_that_ends_too_early_is_told(response, body, usable):
    for cut in range(len(response)):
        parser = fed(response[:cut])
        assert not parser.complete
        with pytest.raises(InvalidResponse):
            parser.feed_eof()


def test_a_body_that_ends_with_the_connection():
    parser = fed(OK + b"\r\nhel", b"lo")
    assert (parser.complete, parser.read_body()) == (False, b"hello")
    parser.feed_eof()
    assert parser.complete
    assert not parser.keeps_connection


def test_the_response_to_head_has_no_body():
    parser = ResponseParser(bodiless=True)
    parser.feed(OK + b"Content-Length: 5\r\n\r\n")
    assert (parser.complete, parser.read_body(), parser.keeps_connection) == (True, b"", False)


@pytest.mark.parametrize(
    "response",
    {
        "a length and chunks": OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "chunks and a length": OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "two lengths": OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "a list of lengths": OK + b"Content-Length: 5, 5\r\n\r\nhello",
        "a negative length": OK + b"Content-Length: -5\r\n\r\nhello",
        "compressed chunks": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "chunks within another coding": OK + b"Transfer-Encoding: chunked, gzip\r\n\r\nhello",
        "another coding": OK + b"Transfer-Encoding: identity\r\n\r\nhello",
        "two codings": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
        "a bare return": OK + b"X-One: 1\rX-Two: 2\r\n\r\n",
        "a folded header": OK + b"X-One: 1\r\n 2\r\n\r\n",
        "a space in a header's name": OK + b"X-One : 1\r\n\r\n",
        "a zero byte": OK + b"X-One: 1\x002\r\n\r\n",
        "a chunk's size that is none": CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n",
        "a negative size": CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n",
        "a size beyond all": CHUNKED + b"f" * 17 + b"\r\nhello",
        "a chunk longer than its size": CHUNKED + b"4\r\nhello\r\n0\r\n\r\n",
        "another protocol": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello",
        "another version": b"HTTP/2 200 OK\r\n\r\n",
        "an invalid status": b"HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n",
        "no HTTP": b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
    }.items(),
    ids=lambda item: item[0],
)
def test_what_is_no_response(response):
    for pieces in ([response[1]], [bytes([byte]) for byte in response[1]]):
        with pytest.raises(InvalidResponse):
            fed(*pieces)


ENDS = {
    "a length": OK + b"Content-Length: 5\r\n\r\nhello",
    "a length, with a line end": OK + b"Content-Length: 7\r\n\r\nhello\r\n",
    "chunks": CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
    "trailers": CHUNKED + b"5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n",
    "no body": b"HTTP/1.1 204 No Content\r\n\r\n",
    "a length of zero": OK + b"Content-Length: 0\r\n\r\n",
}
MORE = [
    *(b"x", b"\r\nx", b"\r\n", b"\n", b"\r", b"\r\n\r\n\r\n", b" ", b"\0", b"0\r\n\r\n", b"HTTP/1.1 2"),
    *(OK + b"Content-Length: 4\r\n\r\nevil", OK + b"\r\nevil", b"HTTP/1.1 100 Continue\r\n\r\n"),
]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("before", [None, -1, -2, -3, -5], ids=lambda cut: f"cut at {cut}")
def test_what_comes_after_the_end_is_not_taken_and_spoils_the_connection(end, before):
    """`before` is the position of the cut; the unsolicited bytes come with the second part."""
    for more in MORE:
        response = ENDS[end]
        parser = fed(response[:before], response[before:] + more) if before else fed(response + more)
        assert (parser.complete, parser.read_body().strip()) == (True, b"hello" if b"hello" in response else b"")
        assert (parser.keeps_connection, parser.has_excess_data) == (False, True), more


@pytest.mark.parametrize("end", ENDS)
def test_what_comes_in_a_later_read_is_as_bad(end):
    for more in MORE:
        parser = fed(*(bytes([byte]) for byte in ENDS[end]))
        assert parser.keeps_connection
        parser.feed(more)
        assert (parser.keeps_connection, parser.has_excess_data) == (False, True), more


@pytest.mark.parametrize(
    ("begin", "endless", "limit"),
    [
        (OK, b"X-One: 1\r\n", MAX_HEAD_BYTES),
        (OK + b"X-One: ", b"x", MAX_HEAD_BYTES),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", MAX_HEAD_BYTES),
        (CHUNKED + b"5;", b"x", MAX_FRAMING_BYTES),
        (CHUNKED + b"5\r\nhello\r\n0\r\n", b"X-One: 1\r\n", MAX_FRAMING_BYTES),
        (CHUNKED + b"0\r\nX-One: ", b"x", MAX_FRAMING_BYTES),
    ],
    ids=["headers", "a header", "interim responses", "a chunk's extension", "trailers", "a trailer"],
)
def test_what_never_ends_is_given_up(begin, endless, limit):
    piece = endless * (4096 // len(endless) + 1)
    parser = fed(begin)
    with pytest.raises(InvalidResponse):
        for _ in range(limit // len(piece) + 2):
            parser.feed(piece)


def test_a_long_body_is_no_framing():
    parser = fed(CHUNKED)
    for _ in range(100):
        parser.feed(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        assert len(parser.read_body()) == 4096
    parser.feed(b"0\r\n\r\n")
    assert parser.complete


def test_the_received_bytes_are_not_kept():
    """With a thousand answers they would be the largest part of a turn's memory."""
    parser = ResponseParser()
    parser.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    before = sys.getrefcount(chunk)
    parser.feed(chunk)
    assert len(parser.read_body()) == 4096
    assert sys.getrefcount(chunk) == before
