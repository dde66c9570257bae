"""The kit's reader of server-sent events, its percentiles and its limits."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.kit.percentiles import percentile, percentiles
from scripts.kit.sse import Event, FrameReader, fields, frames, read_events

STREAM = (
    b": welcome\n\n"
    b'id: 1\nevent: turn\ndata: {"a": "\xc3\xbc"}\n\n'
    b"event:delta\r\ndata:one\r\n\r\n"
    b": ping\r\n\r\n"
    b"retry: 5\n\n"
    b"event: delta\ndata: two\ndata:  lines\n\n"
    b"data: no name\n\n"
    b"event: done\ndata: never finished"
)
EVENTS = [("turn", b'{"a": "\xc3\xbc"}'), ("delta", b"one"), ("delta", b"two\n lines"), ("message", b"no name")]


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_events_whatever_the_cuts(cuts: list[int]) -> None:
    reader, frames = FrameReader(), []
    edges = [0, *sorted(cuts), len(STREAM)]
    for start, end in pairwise(edges):
        frames += reader.feed(STREAM[start:end])
    assert [event[1:] for event in map(fields, frames) if event] == EVENTS


def test_a_turns_events_are_read_as_they_come() -> None:
    first = b'id: 1\nevent: turn\ndata: {"turn_id": "t"}\n\n'
    second = b'id: 2\nevent: delta\ndata: {"text": "x"}\n\n'
    stream = b": welcome\n\n" + first + b": ping\n\n" + second + b"id: 3\nevent: done"
    events = list(read_events(bytes([each]) for each in stream))
    assert events == [Event(1, "turn", {"turn_id": "t"}), Event(2, "delta", {"text": "x"})]
    assert [event.raw for event in events] == [first, second] == frames(stream)[1::2]


@pytest.mark.parametrize(
    "wrong", [b"id: x\ndata: {}\n\n", b"data: {}\n\n", b"id: 1\ndata: []\n\n", b"id: 1\ndata: {\n\n"]
)
def test_what_is_no_event_of_a_turn(wrong: bytes) -> None:
    with pytest.raises(ValueError):
        list(read_events([wrong]))


NAMED = {"p50": 50, "p95": 95, "p99": 99, "max": 100}


def test_percentiles_are_values_that_occurred() -> None:
    assert percentiles(range(1, 101), NAMED) == {"p50": 50, "p95": 95, "p99": 99, "max": 100}
    assert percentiles([7.0], NAMED) == {"p50": 7.0, "p95": 7.0, "p99": 7.0, "max": 7.0}
    assert percentiles([], NAMED) == {}
    assert [percentile([3, 1, 2], percent) for percent in (0, 33, 34, 100)] == [1, 1, 2, 3]


def test_the_limit_on_open_files_is_raised_as_far_as_it_goes() -> None:
    code = """
import resource
from scripts.kit.resource_limits import raise_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 128))
print([raise_open_files(wanted) for wanted in (32, 100, 80, 500, None)], resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[64, 100, 100, 128, 128] (128, 128)\n"
