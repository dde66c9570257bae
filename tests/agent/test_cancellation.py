"""Cancellation of a turn, and of the blocking calls made for it."""

from __future__ import annotations

import threading

import pytest

from chat.cancellation import Cancellation
from chat.errors import TurnEnded

from ..store.scenarios import at_once
from .conftest import LONG_S


def ended_as(cancellation):
    with pytest.raises(TurnEnded) as end:
        cancellation.check()
    assert end.value.code == f"turn_{end.value.reason}"
    return end.value.reason


def test_a_turn_that_nobody_ends_goes_on():
    cancellation = Cancellation(LONG_S)
    cancellation.check()
    assert cancellation.reason == ""
    assert 0 < cancellation.remaining_s() <= LONG_S


@pytest.mark.parametrize("reason", ["timeout", "stopped", "interrupted"])
def test_it_ends_for_the_reason_it_was_given(reason):
    cancellation = Cancellation(LONG_S)
    cancellation.cancel(reason)
    assert (cancellation.reason, ended_as(cancellation)) == (reason, reason)


def test_the_first_reason_stays():
    cancellation = Cancellation(LONG_S)
    cancellation.cancel("stopped")
    cancellation.cancel("timeout")
    assert ended_as(cancellation) == "stopped"


def test_the_deadline_is_a_timeout():
    cancellation = Cancellation(0)
    assert cancellation.remaining_s() == 0
    assert ended_as(cancellation) == "timeout"
    assert cancellation.reason == "timeout"


def test_a_stop_before_the_deadline_is_no_timeout_afterwards():
    cancellation = Cancellation(0)
    cancellation.cancel("stopped")
    assert ended_as(cancellation) == "stopped"


def test_whoever_blocks_is_woken_from_another_thread():
    cancellation, woken = Cancellation(LONG_S), threading.Event()
    with cancellation.closing(woken.set):
        threading.Thread(target=cancellation.cancel, args=("stopped",)).start()
        assert woken.wait(LONG_S)


def test_all_who_block_are_woken_once_by_ten_who_cancel():
    cancellation, woken = Cancellation(LONG_S), []
    with cancellation.closing(lambda: woken.append(1)), cancellation.closing(lambda: woken.append(2)):
        at_once(10, lambda number: cancellation.cancel(f"reason {number}"))
    assert sorted(woken) == [1, 2]


def test_whoever_comes_to_block_too_late_is_woken_at_once():
    cancellation, woken = Cancellation(LONG_S), []
    cancellation.cancel("stopped")
    with cancellation.closing(lambda: woken.append(True)):
        assert woken


def test_whoever_has_done_blocking_is_left_alone():
    cancellation, woken = Cancellation(LONG_S), []
    with pytest.raises(RuntimeError), cancellation.closing(lambda: woken.append(True)):
        raise RuntimeError
    cancellation.cancel("stopped")
    assert woken == []


def test_nobody_who_comes_as_it_is_cancelled_sleeps_on():
    """A closer is registered before, during or after a cancellation: in each case the wait ends."""
    for _ in range(50):
        cancellation, woken = Cancellation(LONG_S), threading.Event()

        def wait(cancellation=cancellation, woken=woken):
            with cancellation.closing(woken.set):
                return woken.wait(LONG_S)

        assert at_once(2, lambda number, wait=wait, turn=cancellation: wait() if number else turn.cancel("s"))[1]
