"""Replays: concurrent followers share one copy of an ended turn."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chat.errors import StoreUnavailable
from chat.messages import TextDelta
from chat.turns.replay import Replays

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


def frames(replay, after=0):
    return [each.frame for each in replay.events(after)]


def test_concurrent_followers_share_one_read_and_later_ones_read_again(ended):
    reads = Reads(ended)
    replays = Replays(reads)
    shared = [replays.of(7) for _ in range(5)]
    assert reads.turns == [7]
    assert len({id(each) for each in shared}) == 1
    assert [frame.split(b"\n")[1] for frame in frames(shared[0])] == [b"event: turn", b"event: delta", b"event: done"]
    other = replays.of(8)
    assert reads.turns == [7, 8]
    assert other is not shared[0]
    del shared, other
    gc.collect()
    replays.of(7)
    assert reads.turns == [7, 8, 7]


def test_each_follower_has_its_own_place_in_it(ended):
    replay = Replays(Reads(ended)).of(1)
    everything = frames(replay)
    first, second = replay.events(0), replay.events(0)
    next(first), next(first)
    assert next(second).frame == everything[0]
    assert next(first).frame == everything[2]
    assert [frames(replay, after) for after in range(4)] == [everything[after:] for after in range(4)]


def test_simultaneous_followers_wait_for_one_read(ended):
    come, go = threading.Barrier(9), threading.Event()
    count = []

    def slow(turn_id):
        count.append(turn_id)
        assert go.wait(LONG_S)
        return ended

    replays = Replays(slow)

    def follow():
        come.wait(LONG_S)
        return replays.of(1)

    with ThreadPoolExecutor(8) as threads:
        following = [threads.submit(follow) for _ in range(8)]
        come.wait(LONG_S)
        go.set()
        replays_of_followers = [each.result(LONG_S) for each in following]
    assert len({id(each) for each in replays_of_followers}) == 1
    assert frames(replays_of_followers[0])
    assert count == [1]


def test_reading_one_turn_does_not_hold_up_another(ended):
    go, reading = threading.Event(), threading.Event()

    def read(turn_id):
        if turn_id == 1:
            reading.set()
            assert go.wait(LONG_S)
        return ended

    replays = Replays(read)
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(replays.of, 1)
        assert reading.wait(LONG_S)
        assert frames(replays.of(2))
        go.set()
        assert slow.result(LONG_S) is not None


def test_a_turn_that_is_gone_is_none_and_is_asked_for_again():
    reads = Reads(None)
    replays = Replays(reads)
    assert [replays.of(1), replays.of(1)] == [None, None]
    assert reads.turns == [1, 1]


def test_a_reading_that_fails_is_tried_again_by_the_next(ended):
    reads = Reads(StoreUnavailable("The database is busy."))
    replays = Replays(reads)
    with pytest.raises(StoreUnavailable):
        replays.of(1)
    reads.answer = ended
    assert frames(replays.of(1))
