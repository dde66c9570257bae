"""Pauses between attempts to start workers."""

from __future__ import annotations

from config.server.restart_backoff import RestartBackoff


class Clock:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_all_may_start_until_one_fails() -> None:
    backoff = RestartBackoff(Clock())
    assert (backoff.ever_ready, backoff.allowed(4, 0), backoff.allowed(2, 2)) == (False, 4, 2)


def test_the_pause_doubles_up_to_half_a_minute_and_ends_with_a_success() -> None:
    clock = Clock()
    backoff = RestartBackoff(clock)
    pauses = []
    for _ in range(7):
        assert backoff.failed()
        pauses.append(backoff.pause_s)
        assert backoff.allowed(4, 0) == 0
        clock.at += backoff.pause_s
        assert backoff.allowed(4, 0) == 1, "one at a time"
        assert backoff.allowed(4, 1) == 0, "not while one is just starting"
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    backoff.succeeded()
    assert backoff.ever_ready
    assert backoff.allowed(3, 1) == 3


def test_workers_that_fail_at_once_count_once() -> None:
    backoff = RestartBackoff(Clock())
    assert [backoff.failed() for _ in range(4)] == [True, False, False, False]
    assert backoff.pause_s == 1


def test_what_has_changed_is_tried_at_once() -> None:
    backoff = RestartBackoff(Clock())
    backoff.failed()
    backoff.reset()
    assert backoff.allowed(2, 0) == 2
