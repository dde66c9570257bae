"""Limits on streams per turn and per worker; each stream is released exactly once."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chat.errors import LimitReached, Overloaded
from chat.turns.stream_limits import MAX_FOLLOWERS_OF_TURN, CountedStream, StreamLimits

from .worker import LONG_S


def two_frames():
    yield b"one"
    yield b"two"


def test_a_turn_has_so_many_followers_and_no_more():
    limits = StreamLimits(1_000)
    for _ in range(MAX_FOLLOWERS_OF_TURN):
        assert not limits.is_full(1)
        limits.acquire(1)
    assert limits.is_full(1)
    with pytest.raises(LimitReached) as refused:
        limits.acquire(1)
    assert refused.value.code == "too_many_followers"
    assert limits.open == MAX_FOLLOWERS_OF_TURN
    # Another turn has its own limit.
    limits.acquire(2)
    limits.release(1)
    limits.acquire(1)
    assert limits.is_full(1)


def test_a_worker_has_so_many_streams_whichever_turns_they_follow():
    limits = StreamLimits(3)
    for turn in (1, 2, 3):
        limits.check()
        limits.acquire(turn)
    with pytest.raises(Overloaded) as refused:
        limits.check()
    assert refused.value.retry_after_s > 0
    limits.release(2)
    limits.check()


def test_simultaneous_streams_are_counted_exactly():
    limits, come = StreamLimits(10_000), threading.Barrier(8)

    def crowd():
        admitted = 0
        come.wait(LONG_S)
        for _ in range(50):
            try:
                limits.acquire(1)
            except LimitReached:
                continue
            admitted += 1
        return admitted

    with ThreadPoolExecutor(8) as threads:
        crowds = [threads.submit(crowd) for _ in range(8)]
        assert sum(each.result(LONG_S) for each in crowds) == MAX_FOLLOWERS_OF_TURN
    assert limits.open == MAX_FOLLOWERS_OF_TURN


def read_to_the_end(stream):
    assert list(stream) == [b"one", b"two"]


def closed_in_the_middle(stream):
    next(stream)
    stream.close()


def closed_before_it_began(stream):
    stream.close()


def closed_twice(stream):
    stream.close()
    stream.close()


def read_and_closed(stream):
    list(stream)
    stream.close()


def forgotten(_stream):
    pass


@pytest.mark.parametrize(
    "leave",
    [read_to_the_end, closed_in_the_middle, closed_before_it_began, closed_twice, read_and_closed, forgotten],
)
def test_a_seat_is_given_back_once_however_it_is_left(leave):
    limits = StreamLimits(10)
    staying, leaving = CountedStream(two_frames(), limits, 1), CountedStream(two_frames(), limits, 1)
    assert limits.open == 2
    leave(leaving)
    del leaving
    gc.collect()
    assert limits.open == 1
    read_to_the_end(staying)
    assert limits.open == 0


def test_frames_that_break_give_the_seat_back():
    def broken():
        yield b"one"
        raise ConnectionError

    limits = StreamLimits(10)
    stream = CountedStream(broken(), limits, 1)
    next(stream)
    with pytest.raises(ConnectionError):
        next(stream)
    assert limits.open == 0


def test_closing_closes_the_frames():
    closed = []

    def frames():
        try:
            yield b"one"
        finally:
            closed.append(True)

    stream = CountedStream(frames(), StreamLimits(10), 1)
    next(stream)
    stream.close()
    assert closed == [True]


def test_a_refused_stream_is_not_counted():
    limits = StreamLimits(1_000)
    sitting = [CountedStream(two_frames(), limits, 1) for _ in range(MAX_FOLLOWERS_OF_TURN)]
    for _ in range(3):
        with pytest.raises(LimitReached):
            CountedStream(two_frames(), limits, 1)
    gc.collect()
    assert limits.open == MAX_FOLLOWERS_OF_TURN
    sitting.pop().close()
    assert limits.open == MAX_FOLLOWERS_OF_TURN - 1
