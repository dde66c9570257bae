from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chat.errors import ModelGarbled
from chat.llm.openai.answer.sse import MAX_EVENT_BYTES, EventParser

# A stream with everything the format allows, and what it says.
STREAM = (
    b": a comment\n"
    b"data: one\n\n"
    b"data:two\r\n\r\n"
    b"event: error\ndata: {}\n\n"
    b"id: 7\nretry: 10\ndata: several\ndata: lines\r\ndata\xc3\xa9\n\n"
    b"\n\n:\n"
    b"event: nameless again\n\n"
    b"data:  a space of its own\n\n"
    b"data: caf\xc3\xa9 \xf0\x9f\x9a\x80\n\n"
    b"data: cut off"
)
EVENTS = [
    (b"", b"one"),
    (b"", b"two"),
    (b"error", b"{}"),
    (b"", b"several\nlines"),
    (b"nameless again", b""),
    (b"", b" a space of its own"),
    (b"", "café 🚀".encode()),
]


def parsed(*pieces: bytes) -> list[tuple[bytes, bytes]]:
    parser = EventParser()
    return [each for piece in pieces for each in parser.feed(piece)]


def test_reads_a_whole_stream():
    assert parsed(STREAM) == EVENTS


def test_reads_it_byte_by_byte():
    assert parsed(*(bytes([byte]) for byte in STREAM)) == EVENTS


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_cut_at_every_byte(line_end):
    stream = STREAM.replace(b"\r\n", b"\n").replace(b"\n", line_end)
    for cut in range(len(stream) + 1):
        assert parsed(stream[:cut], stream[cut:]) == EVENTS, cut


@given(st.lists(st.integers(0, len(STREAM)), max_size=12).map(sorted))
def test_cut_anywhere_and_often(cuts):
    edges = [0, *cuts, len(STREAM)]
    assert parsed(*(STREAM[start:end] for start, end in itertools.pairwise(edges))) == EVENTS


# What streams are made of, whole and in pieces.
_PARTS = st.sampled_from(
    [
        b"data: ",
        b"data: a\n\n",
        b"data: b\n\ndata: c\n\n",
        b"data:",
        b"a",
        b"\n",
        b"\n\n",
        b"\r",
        b"\r\n",
        b": \n\n",
        b"event: e\n",
    ]
)


@given(st.lists(_PARTS, max_size=12).map(b"".join))
def test_what_comes_together_says_what_it_would_say_byte_by_byte(stream):
    opening = b"data: first\n\n"  # only behind it is a stream looked at as a whole
    assert parsed(opening, stream) == parsed(opening, *(bytes([byte]) for byte in stream))


@given(st.binary(max_size=300))
def test_any_bytes_are_taken(noise):
    parsed(noise, b"\n\n")
    assume(b"{" not in noise and b"[" not in noise)  # that may begin a document
    assert parsed(noise.replace(b"\r", b"").replace(b"\n", b"") + b"\n\ndata: after\n\n")[-1][1].endswith(b"after")


def test_a_byte_order_mark_is_passed_over():
    assert parsed(b"\xef\xbb\xbfdata: one\n\n") == [(b"", b"one")]


def test_an_event_gives_itself_up_at_once():
    parser = EventParser()
    assert parser.feed(b"data: one\n") == []
    assert parser.feed(b"\n") == [(b"", b"one")]


def test_a_line_that_never_ends_is_refused():
    parser = EventParser()
    with pytest.raises(ModelGarbled):
        for _ in range(40):
            parser.feed(b"x" * 64 * 1024)


def test_an_event_of_endlessly_many_lines_is_refused():
    parser = EventParser()
    with pytest.raises(ModelGarbled):
        for _ in range(40):
            parser.feed(b"data: " + b"x" * 64 * 1024 + b"\n")


def test_an_event_of_almost_the_limit_is_taken():
    data = b"x" * (MAX_EVENT_BYTES - 100)
    assert parsed(b"data: ", data, b"\n\n") == [(b"", data)]
