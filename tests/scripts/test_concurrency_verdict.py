"""The rule: which runs are concurrent and which are not. Every case is a run, told in seconds."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from scripts.concurrency.errors import Failure
from scripts.concurrency.evidence import Evidence
from scripts.concurrency.timeline import Timeline
from scripts.concurrency.verdict import Verdict, judge


def user(turn: float, done: float, worked: float | None = None, worker: int = 1, sent: float = 0.0) -> Timeline:
    """Return the timeline of a user who sent at `sent`, whose turn began at `turn` and was done at `done`."""
    worked = turn + 0.01 if worked is None else worked
    return Timeline(sent=sent, turn=turn, worked=worked, done=done, ended=done, about={"worker": worker})


def refused() -> Timeline:
    return Timeline(sent=0.0, ended=0.01, failure=Failure("overloaded", "Full.", 503))


def of(users: Sequence[Timeline], setup_s: float = 0.05) -> Verdict:
    verdict = judge(users, Evidence(setup_s=setup_s))
    assert verdict.concurrent is not None
    return verdict


def places(users: int, places: int, seconds: Sequence[float]) -> list[Timeline]:
    """A server with so many places: whoever finds none waits for the first that comes free."""
    free = [0.0] * places
    found = []
    for number in range(users):
        start = min(free)
        done = start + seconds[number % len(seconds)]
        free[free.index(start)] = done
        found.append(user(start + 0.01, done + 0.01, worker=number % 4))
    return found


@pytest.mark.parametrize("users", [1, 2, 10, 100, 2000])
def test_all_at_once(users: int) -> None:
    verdict = of([user(0.01, 20.01 + number / users) for number in range(users)])
    assert verdict.concurrent
    assert verdict.reason == ""


def test_the_two_forms() -> None:
    concurrent = of([user(0.5, 22.3)])
    assert str(concurrent) == (
        "✅ TRUE CONCURRENCY: Requests processed in parallel\n   (Total time 22.3s ≈ Max response 21.8s)"
    )
    sequential = of([user(0.1, 23.1, worker=n) for n in range(3)] + [user(72.1, 95.2, worker=3)])
    assert str(sequential) == (
        "⚠️ SEQUENTIAL PROCESSING: Requests queued/blocked\n   (Total time 95.2s >> Max response 23.1s)"
    )


@pytest.mark.parametrize(("users", "threads"), [(5, 4), (33, 32), (2, 1), (10, 1), (100, 32)])
@pytest.mark.parametrize("seconds", [0.5, 2.0, 20.0])
def test_more_users_than_places(users: int, threads: int, seconds: float) -> None:
    verdict = of(places(users, threads, [seconds]), setup_s=0.002 * users)
    assert not verdict.concurrent
    assert verdict.total_s > 1.5 * verdict.max_response_s


def test_more_users_than_places_when_one_answer_is_as_long_as_two() -> None:
    verdict = of(places(33, 32, [10.0, 20.0, 30.0, 25.0]))
    assert "1 of 33 turns began only after another had ended" in verdict.reason


@pytest.mark.parametrize(("users", "threads"), [(4, 4), (32, 32)])
def test_as_many_users_as_places(users: int, threads: int) -> None:
    assert of(places(users, threads, [5.0, 25.0, 12.0])).concurrent


def test_ten_users_of_a_fast_demo_whose_overhead_outweighs_it() -> None:
    assert of([user(0.015 * number, 0.015 * number + 0.1) for number in range(1, 11)]).concurrent


def test_ten_users_of_a_fast_demo_in_single_file() -> None:
    assert not of(places(10, 1, [0.1])).concurrent


def test_thousands_who_take_a_while_to_be_let_in() -> None:
    users = [user(0.002 * number, 0.002 * number + 2.0) for number in range(2000)]
    assert of(users, setup_s=5.0).concurrent


def test_a_short_answer_that_ends_while_others_are_let_in_frees_no_place() -> None:
    users = [user(0.01, 0.4)] + [user(0.01 * number, 15.0) for number in range(1, 100)]
    assert of(users).concurrent


def test_one_user_who_waits_for_somebody_else() -> None:
    assert not of([user(20.0, 40.0)]).concurrent


def test_those_who_were_refused_are_not_judged() -> None:
    verdict = of([refused() for _ in range(50)] + [user(1.0, 3.0) for _ in range(50)], setup_s=0.2)
    assert verdict.concurrent


def test_nobody_answered() -> None:
    assert judge([refused(), refused()], Evidence()).concurrent is None


def test_a_ramp_is_nobodys_wait() -> None:
    users = [user(sent + 0.01, sent + 1.0, worked=sent + 0.1, sent=sent) for sent in (0.0, 2.0, 4.0, 6.0)]
    assert of(users).concurrent


@pytest.mark.parametrize("workers", [1, 3])
def test_accepted_at_once_but_worked_on_one_by_one(workers: int) -> None:
    users = [user(0.01, 20.0 * (n + 1), 20.0 * n + 5, worker=w) for n in range(4) for w in range(workers)]
    verdict = of(users)
    assert not verdict.concurrent
    assert "worked on one after another" in verdict.reason
    assert "≈" in str(verdict)


def test_answers_that_come_in_one_piece_are_not_taken_for_a_queue() -> None:
    users = [user(0.01, done, done - 0.01) for done in (9.0, 12.0, 17.0, 20.0)]
    assert of(users).concurrent


def test_answers_of_very_different_length_are_not_taken_for_a_queue() -> None:
    lengths = random.Random(7)
    for _ in range(200):
        users = []
        for number in range(10):
            first = lengths.uniform(0.5, 4)
            users.append(user(lengths.uniform(0, 0.05), first + lengths.uniform(3, 30), first, worker=number % 4))
        assert of(users).concurrent
