"""Stored turns: concurrent followers share one copy of a turn and its reads."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chat.errors import StoreUnavailable
from chat.messages import TextDelta
from chat.runtime.clock import MACHINE_CLOCK
from chat.store.records import RUNNING
from chat.turns.stored_turns import StoredTurns
from tests.fake_clock import FakeClock

from .worker import LONG_S


@pytest.fixture
def ended(worker, model, store, conversation):
    """Return an ended turn as the database stores it."""
    model.will(TextDelta("All of it."))
    return store.turns.with_answer(worker.answered(conversation).id)


class Reads:
    """A stand-in for the database that counts the reads of ended turns."""

    def __init__(self, answer):
        self.answer = answer
        self.turns = []

    def __call__(self, turn_id):
        self.turns.append(turn_id)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def frames(shared, after=0):
    return [each.frame for each in shared.current().events(after)]


def test_concurrent_followers_share_one_read_and_later_ones_read_again(ended):
    reads = Reads(ended)
    turns = StoredTurns(reads, 0.6, MACHINE_CLOCK)
    shared = [turns.share(7) for _ in range(5)]
    assert all(each.current() for each in list(shared))
    assert reads.turns == [7]
    assert len({id(each) for each in shared}) == 1
    assert [frame.split(b"\n")[1] for frame in frames(shared[0])] == [b"event: turn", b"event: delta", b"event: done"]
    other = turns.share(8)
    other.current()
    assert reads.turns == [7, 8]
    assert other is not shared[0]
    del shared, other
    gc.collect()
    turns.share(7).current()
    assert reads.turns == [7, 8, 7]


def test_each_follower_has_its_own_place_in_it(ended):
    shared = StoredTurns(Reads(ended), 0.6, MACHINE_CLOCK).share(1)
    everything = frames(shared)
    first, second = shared.current().events(0), shared.current().events(0)
    next(first), next(first)
    assert next(second).frame == everything[0]
    assert next(first).frame == everything[2]
    assert [frames(shared, after) for after in range(4)] == [everything[after:] for after in range(4)]


def test_simultaneous_followers_wait_for_one_read(ended):
    come, go = threading.Barrier(9), threading.Event()
    count = []

    def slow(turn_id):
        count.append(turn_id)
        assert go.wait(LONG_S)
        return ended

    turns = StoredTurns(slow, 0.6, MACHINE_CLOCK)

    def follow():
        come.wait(LONG_S)
        shared = turns.share(1)
        assert frames(shared)
        return shared

    with ThreadPoolExecutor(8) as threads:
        following = [threads.submit(follow) for _ in range(8)]
        come.wait(LONG_S)
        go.set()
        shared = [each.result(LONG_S) for each in following]
    assert len({id(each) for each in shared}) == 1
    assert count == [1]


def test_reading_one_turn_does_not_hold_up_another(ended):
    go, reading = threading.Event(), threading.Event()

    def read(turn_id):
        if turn_id == 1:
            reading.set()
            assert go.wait(LONG_S)
        return ended

    turns = StoredTurns(read, 0.6, MACHINE_CLOCK)
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(turns.share(1).current)
        assert reading.wait(LONG_S)
        assert frames(turns.share(2))
        go.set()
        assert slow.result(LONG_S) is not None


def test_a_turn_that_is_gone_is_none_and_is_asked_for_again():
    reads = Reads(None)
    shared = StoredTurns(reads, 0.6, MACHINE_CLOCK).share(1)
    assert [shared.current(), shared.current()] == [None, None]
    assert reads.turns == [1, 1]


def test_a_reading_that_fails_is_tried_again_by_the_next(ended):
    reads = Reads(StoreUnavailable("The database is busy."))
    shared = StoredTurns(reads, 0.6, MACHINE_CLOCK).share(1)
    with pytest.raises(StoreUnavailable):
        shared.current()
    reads.answer = ended
    assert frames(shared)


def test_a_running_turn_is_read_again_after_a_poll_by_one_of_its_followers(ended):
    turn, answer, title = ended
    clock = FakeClock()
    reads = Reads((replace(turn, status=RUNNING, ended_at=None), answer, title))
    turns = StoredTurns(reads, 0.6, clock)
    first, second = turns.share(1), turns.share(1)
    assert frames(first) == frames(second)
    assert reads.turns == [1]
    clock.advance(0.5)
    assert first.next_poll_s == pytest.approx(0.1)
    assert frames(second)
    assert reads.turns == [1]
    clock.advance(0.2)
    reads.answer = ended
    assert b"event: done" in frames(second)[-1]
    assert reads.turns == [1, 1]
    clock.advance(10)
    assert frames(first) == frames(second)
    assert reads.turns == [1, 1]
