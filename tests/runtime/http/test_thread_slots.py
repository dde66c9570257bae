"""Places that are taken, waited for and given back."""

from __future__ import annotations

import random
from collections import deque

from chat.runtime.http.thread_slots import ThreadSlots


def test_so_many_enter_the_next_wait_and_the_rest_are_turned_away() -> None:
    places = ThreadSlots(2, max_waiting=2)
    assert [places.acquire(name) for name in "abcde"] == [True, True, False, False, None]
    assert (places.taken, places.free) == (2, 0)


def test_a_place_goes_to_whoever_has_waited_the_longest() -> None:
    places = ThreadSlots(1, max_waiting=3)
    for name in "abcd":
        places.acquire(name)
    assert [places.leave() for _ in range(3)] == ["b", "c", "d"]
    assert places.taken == 1
    assert places.leave() is None
    assert (places.taken, places.free) == (0, 1)


def test_one_that_was_turned_away_has_no_place_later() -> None:
    places = ThreadSlots(1, max_waiting=0)
    assert places.acquire("a")
    assert places.acquire("b") is None
    assert places.leave() is None
    assert places.acquire("c") is True


def test_all_are_let_in_at_once_and_leave_one_by_one() -> None:
    places = ThreadSlots(1, max_waiting=5)
    for name in "abc":
        places.acquire(name)
    assert places.admit_all() == ["b", "c"]
    assert (places.taken, places.free) == (3, -2)
    assert places.admit_all() == []
    # There is no place for another before all but the usual number have left.
    assert places.acquire("d") is False
    assert [places.leave() for _ in range(4)] == [None, None, "d", None]
    assert places.free == 1


def test_one_that_waits_may_be_let_in_beyond_the_places() -> None:
    places = ThreadSlots(1, max_waiting=5)
    for name in "abc":
        places.acquire(name)
    assert places.admit_next() == "b"
    assert (places.taken, places.free, places.waiting) == (2, -1, 1)
    assert [places.leave() for _ in range(3)] == [None, "c", None]
    assert places.free == 1


def test_in_any_order_nobody_is_lost_and_the_order_is_kept() -> None:
    """Against a model of two lists: those that are in, and those that wait."""
    for seed in range(50):
        dice = random.Random(seed)
        size, most = dice.randint(1, 4), dice.randint(0, 4)
        places = ThreadSlots(size, most)
        inside, waiting = 0, deque[int]()
        for number in range(200):
            if dice.random() < 0.55:
                entered = places.acquire(number)
                assert entered is (True if inside < size else False if len(waiting) < most else None)
                inside += entered is True
                if entered is False:
                    waiting.append(number)
            elif inside:
                assert places.leave() == (waiting[0] if waiting else None)
                if waiting:
                    waiting.popleft()
                else:
                    inside -= 1
            assert places.taken == inside <= size
            assert places.free == size - inside
            assert not waiting or inside == size
