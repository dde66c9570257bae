"""Slots that are acquired, waited for and released."""

from __future__ import annotations

import random
from collections import deque

from chat.runtime.http.thread_slots import ThreadSlots


def test_so_many_enter_the_next_wait_and_the_rest_are_turned_away() -> None:
    slots = ThreadSlots(2, max_waiting=2)
    assert [slots.acquire(name) for name in "abcde"] == [True, True, False, False, None]
    assert (slots.in_use, slots.free) == (2, 0)


def test_a_place_goes_to_whoever_has_waited_the_longest() -> None:
    slots = ThreadSlots(1, max_waiting=3)
    for name in "abcd":
        slots.acquire(name)
    assert [slots.release() for _ in range(3)] == ["b", "c", "d"]
    assert slots.in_use == 1
    assert slots.release() is None
    assert (slots.in_use, slots.free) == (0, 1)


def test_one_that_was_turned_away_has_no_place_later() -> None:
    slots = ThreadSlots(1, max_waiting=0)
    assert slots.acquire("a")
    assert slots.acquire("b") is None
    assert slots.release() is None
    assert slots.acquire("c") is True


def test_all_are_let_in_at_once_and_leave_one_by_one() -> None:
    slots = ThreadSlots(1, max_waiting=5)
    for name in "abc":
        slots.acquire(name)
    assert slots.admit_all() == ["b", "c"]
    assert (slots.in_use, slots.free) == (3, -2)
    assert slots.admit_all() == []
    # There is no place for another before all but the usual number have left.
    assert slots.acquire("d") is False
    assert [slots.release() for _ in range(4)] == [None, None, "d", None]
    assert slots.free == 1


def test_one_that_waits_may_be_let_in_beyond_the_places() -> None:
    slots = ThreadSlots(1, max_waiting=5)
    for name in "abc":
        slots.acquire(name)
    assert slots.admit_next() == "b"
    assert (slots.in_use, slots.free, slots.waiting) == (2, -1, 1)
    assert [slots.release() for _ in range(3)] == [None, "c", None]
    assert slots.free == 1


def test_in_any_order_nobody_is_lost_and_the_order_is_kept() -> None:
    """Compare with a model of two lists: the requests with a slot, and the waiting ones."""
    for seed in range(50):
        dice = random.Random(seed)
        size, most = dice.randint(1, 4), dice.randint(0, 4)
        slots = ThreadSlots(size, most)
        inside, waiting = 0, deque[int]()
        for number in range(200):
            if dice.random() < 0.55:
                entered = slots.acquire(number)
                assert entered is (True if inside < size else False if len(waiting) < most else None)
                inside += entered is True
                if entered is False:
                    waiting.append(number)
            elif inside:
                assert slots.release() == (waiting[0] if waiting else None)
                if waiting:
                    waiting.popleft()
                else:
                    inside -= 1
            assert slots.in_use == inside <= size
            assert slots.free == size - inside
            assert not waiting or inside == size
