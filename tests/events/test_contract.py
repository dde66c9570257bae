"""Contract suite of event logs. Add a new backend to `BACKENDS`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.events.contract import EventLog, make_event
from chat.events.local import LocalEventLog

from ..store.scenarios import at_once

BACKENDS: dict[str, Callable[[], EventLog]] = {"local": LocalEventLog}
LONG_S = 30.0


@pytest.fixture(params=list(BACKENDS))
def log(request):
    return BACKENDS[request.param]()


def follow(log, after=0):
    """Return all events after a number, as one follower reads them."""
    events = []
    while not events or events[-1].name != "done":
        read = log.read(events[-1].number if events else after, LONG_S)
        assert read
        events += read
    return events


def append(log, number, name, data):
    """Append an event. Return it as followers read it, with its expected number."""
    log.append(name, data)
    return make_event(number, name, data)


def append_deltas(log, first, count):
    return [append(log, number, "delta", {"text": f"{number} "}) for number in range(first, first + count)]


def test_numbers_begin_with_one_and_have_no_holes(log):
    appended = append_deltas(log, 1, 5)
    assert [each.number for each in appended] == [1, 2, 3, 4, 5]
    assert log.read(0, 0) == appended


@pytest.mark.parametrize("after", range(4))
def test_reading_begins_after_a_number(log, after):
    appended = append_deltas(log, 1, 4)
    assert log.read(after, LONG_S) == appended[after:]


def test_reading_again_gives_the_same(log):
    log.append("turn", {})
    assert log.read(0, LONG_S) == log.read(0, LONG_S)


def test_nothing_comes_within_the_time(log):
    log.append("turn", {})
    begun = time.monotonic()
    assert log.read(1, 0.05) == []
    assert time.monotonic() - begun >= 0.045


def test_a_reader_waits_for_the_next_event(log):
    log.append("turn", {})
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(log.read, 1, LONG_S)
        appended = append(log, 2, "delta", {"text": "a"})
        assert reading.result(LONG_S) == [appended]


def test_a_reader_is_woken_by_no_event_but_a_later_one(log):
    """Check that a reader after number 3 is not woken for good by number 2."""
    log.append("turn", {})
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(log.read, 3, LONG_S)
        for text in "abc":
            log.append("delta", {"text": text})
            time.sleep(0.01)  # so that a faulty reader has time to fail
        assert [each.number for each in reading.result(LONG_S)] == [4]


def test_after_the_end_a_read_returns_at_once(log):
    log.append("turn", {})
    log.append("done", {})
    begun = time.monotonic()
    assert log.read(2, LONG_S) == log.read(9, LONG_S) == []
    assert time.monotonic() - begun < LONG_S


def test_one_event_wakes_all_waiting_readers(log):
    log.append("turn", {})
    with ThreadPoolExecutor(10) as threads:
        reading = [threads.submit(log.read, 1, LONG_S) for _ in range(10)]
        time.sleep(0.05)  # so that they probably wait; otherwise the test is only easier
        appended = append(log, 2, "delta", {"text": "a"})
        assert [each.result(LONG_S / 2) for each in reading] == [[appended]] * 10


def test_many_followers_have_the_same_whenever_they_come(log):
    with ThreadPoolExecutor(20) as threads:
        early = [threads.submit(follow, log) for _ in range(10)]
        appended = [append(log, 1, "turn", {})]
        appended += append_deltas(log, 2, 100)
        late = [threads.submit(follow, log, number) for number in range(0, 100, 10)]
        appended += append_deltas(log, 102, 100)
        appended.append(append(log, 202, "done", {}))
        assert all(follower.result(LONG_S) == appended for follower in early)
        assert [follower.result(LONG_S) for follower in late] == [appended[number:] for number in range(0, 100, 10)]


def test_appending_from_several_threads_leaves_no_hole(log):
    """Check appends from a turn's thread and from a ticker."""
    at_once(4, lambda who: [log.append("delta", {"text": f"{who}"}) for _ in range(100)])
    assert [each.number for each in log.read(0, 0)] == list(range(1, 401))


def test_a_follower_that_waits_does_not_hold_up_the_runner(log):
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(log.read, 10, LONG_S)
        log.append("turn", {})
        assert not reading.done()
        log.append("done", {})
        assert reading.result(LONG_S) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@settings(max_examples=100)
@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_a_frame_is_three_lines_for_any_data(data):
    appended = make_event(7, "tool_result", data)
    number, name, line, *rest = appended.frame.split(b"\n")
    assert (number, name, rest) == (b"id: 7", b"event: tool_result", [b"", b""])
    assert not appended.frame.strip(b"\n").count(b"\r")
    assert json.loads(line.removeprefix(b"data: ")) == data
