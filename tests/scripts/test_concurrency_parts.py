"""Events read from bytes that are cut at any place, and the figures of the table."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.concurrency.address import Address
from scripts.concurrency.errors import Failure
from scripts.concurrency.figures import measures
from scripts.concurrency.parley_api import ParleyApi
from scripts.concurrency.response import ResponseParser
from scripts.concurrency.text_report import table
from scripts.concurrency.timeline import Timeline

CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
RESPONSES = {
    "chunked": CHUNKED + b"5\r\nhello\r\n1;why=not\r\n,\r\nE\r\n\r\n0\r\n\r\n world!\r\n0\r\n\r\n",
    "with a length": b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nContent-Length: 20\r\n\r\n"
    b"hello,\r\n0\r\n\r\n world!",
    "until the end": b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\nhello,\r\n0\r\n\r\n world!",
}


@pytest.mark.parametrize("kind", RESPONSES)
@given(st.lists(st.integers(0, 200), max_size=20))
def test_a_body_whatever_the_cuts(kind: str, cuts: list[int]) -> None:
    data, parser, body = RESPONSES[kind], ResponseParser(), b""
    for start, end in pairwise([0, *sorted(cuts), len(data)]):
        body += parser.feed(data[start:end])
    assert body == b"hello,\r\n0\r\n\r\n world!"
    assert (parser.status, parser.content_type) == (200, "text/event-stream")
    assert parser.complete == (kind != "until the end")
    assert parser.may_end_here


def test_a_body_that_is_cut_may_not_end_there() -> None:
    for cut in range(1, len(RESPONSES["chunked"])):
        parser = ResponseParser()
        parser.feed(RESPONSES["chunked"][:cut])
        # Nothing but the last line end is spared: whoever has the chunk of size 0 knows that this was all.
        assert parser.may_end_here == (cut >= len(RESPONSES["chunked"]) - 2), cut


@pytest.mark.parametrize("data", [b"220 mail ready\r\n\r\n", b"x" * 100_000, CHUNKED + b"many\r\n"])
def test_what_is_not_http(data: bytes) -> None:
    with pytest.raises(Failure) as caught:
        ResponseParser().feed(data)
    assert caught.value.code == "not_http"


def test_the_table_shows_what_is_missing_as_missing() -> None:
    rows = table(
        {
            "wait": measures([Timeline(sent=0.0, turn=wait, done=9.0) for wait in (0.0214, 1.5)])["wait"],
            "response time": {},
        }
    ).splitlines()
    assert rows[1].split() == ["wait", "21", "ms", *(4 * ["1.50", "s"])]
    assert rows[2].split() == ["response", "time", *(5 * ["-"])]


def test_a_timeline_counts_gaps_between_deltas() -> None:
    api, line = ParleyApi(Address("http://localhost"), "", "", 1.0), Timeline(planned=9.0, sent=10.0)
    api.note(line, 10.5, "turn", b'{"worker": "host:1"}')
    api.note(line, 11.0, "tool_call", b"{}")
    for now in (12.0, 12.5, 14.0):
        api.note(line, now, "delta", b'{"text": "x"}')
    api.note(
        line, 14.5, "done", b'{"status": "completed", "usage": {"completion_tokens": 7}, "timings": {"queued": 4}}'
    )
    # What passed before it was sent counts as well: the check was late, not the user.
    assert (line.wait_s, line.first_token_s, line.response_s, line.total_s) == (1.5, 3.0, 4.0, 5.5)
    assert (line.first_event_s, line.late_s, line.largest_gap_s) == (0.5, 1.0, 1.5)
    assert (line.tokens, line.timings, line.model_calls) == (7, {"queued": 4.0}, 2)
    assert list(line.gaps) == [0.5, 1.5]
    assert line.worked == 11.0


@pytest.mark.parametrize(("event", "data"), [("turn", b"{"), ("done", b"[]"), ("error", b"")])
def test_an_event_that_is_no_object(event: str, data: bytes) -> None:
    with pytest.raises(Failure) as caught:
        ParleyApi(Address("http://localhost"), "", "", 1.0).note(Timeline(sent=0.0), 1.0, event, data)
    assert caught.value.code == "not_the_contract"
