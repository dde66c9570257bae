"""The pause between attempts to start workers."""

from __future__ import annotations

from config.server.attempts import Attempts


class Clock:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_all_may_start_until_one_fails() -> None:
    attempts = Attempts(Clock())
    assert (attempts.proven, attempts.allowed(4, 0), attempts.allowed(2, 2)) == (False, 4, 2)


def test_the_pause_doubles_up_to_half_a_minute_and_ends_with_a_success() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    pauses = []
    for _ in range(7):
        assert attempts.failed()
        pauses.append(attempts.pause_s)
        assert attempts.allowed(4, 0) == 0
        clock.at += attempts.pause_s
        assert attempts.allowed(4, 0) == 1, "one at a time"
        assert attempts.allowed(4, 1) == 0, "not while one is just starting"
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    attempts.succeeded()
    assert attempts.proven
    assert attempts.allowed(3, 1) == 3


def test_workers_that_fail_at_once_count_once() -> None:
    attempts = Attempts(Clock())
    assert [attempts.failed() for _ in range(4)] == [True, False, False, False]
    assert attempts.pause_s == 1


def test_what_has_changed_is_tried_at_once() -> None:
    attempts = Attempts(Clock())
    attempts.failed()
    attempts.begin_anew()
    assert attempts.allowed(2, 0) == 2
