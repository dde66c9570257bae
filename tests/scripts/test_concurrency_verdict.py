"""The rule of the verdict. Every case is a run, described by times in seconds."""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence

import pytest

from scripts.concurrency.errors import Failure
from scripts.concurrency.event_loop import OwnLoad, time_weighted_percentile
from scripts.concurrency.evidence import Alone, Evidence, alone
from scripts.concurrency.probe import Answers
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
    """Return the timelines of a server with a number of places. Further users wait for a free place."""
    free = [0.0] * places
    timelines = []
    for number in range(users):
        start = min(free)
        done = start + seconds[number % len(seconds)]
        free[free.index(start)] = done
        timelines.append(user(start + 0.01, done + 0.01, worker=number % 4))
    return timelines


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


FOUR_THREADS = places(8, 4, [2.0])


@pytest.mark.parametrize(
    "own",
    [OwnLoad(wall_s=4, cpu_s=3.9), OwnLoad(wall_s=4, cpu_s=1, busy_s=3.8), OwnLoad(wall_s=4, cpu_s=1, lag_p95_s=0.5)],
)
def test_a_check_that_was_too_busy_accuses_nobody(own: OwnLoad) -> None:
    verdict = judge(FOUR_THREADS, Evidence(own=own))
    assert verdict.concurrent is None
    assert verdict.cause
    assert verdict.cause.sentence.startswith("CHECK TOO BUSY: ")
    # What is concurrent in spite of that is concurrent.
    assert judge([user(0.01, 2.0), user(0.01, 2.0)], Evidence(own=own)).concurrent


@pytest.mark.parametrize("own", [OwnLoad(), OwnLoad(wall_s=4, cpu_s=3, busy_s=3, lag_p95_s=0.05, lag_max_s=0.3)])
def test_a_check_with_time_to_spare(own: OwnLoad) -> None:
    assert judge(FOUR_THREADS, Evidence(own=own)).concurrent is False


SHORT = Alone(0.01, 1.0, 0, None, None)
SLOW_MODELS = {"/models": Answers(seconds=[2.0] * 5, good=5)}


@pytest.mark.parametrize(
    ("mode", "workers", "sentence"),
    [
        ("sync", 1, "first token grows 0.4 s per user; gthread with 4 threads; set USE_ASYNC_AGENT=true."),
        (
            "sync",
            2,
            "first token grows 0.4 s per user; gthread with 2 × 2 threads; set USE_ASYNC_AGENT=true.",
        ),
        ("", 1, "or set USE_ASYNC_AGENT=true."),
        ("async", 1, "look for a limit of 4 on threads, connections or locks, also in a proxy."),
    ],
)
def test_the_remedy_of_a_queue_depends_on_the_mode(mode: str, workers: int, sentence: str) -> None:
    users = places(8, 4, [2.0])
    for number, line in enumerate(users):
        line.about, line.first_token = {"worker": number % workers}, line.worked
    verdict = judge(users, Evidence(mode=mode, alone=Alone(0.01, 2.0, 100, 10, None)))
    assert verdict.cause
    assert verdict.cause.sentence.endswith(sentence)


def test_threads_are_counted_by_worker_also_where_one_has_few_users() -> None:
    users = places(12, 3, [2.0])
    for line in users:
        line.about = {"worker": "busy"}
    cause = judge([*users, *(user(0.01, 2.0, worker=2) for _ in range(2))], Evidence(mode="sync")).cause
    assert cause
    assert "; gthread with 2 × 3 threads; " in cause.sentence


def test_one_thread_is_one() -> None:
    users = places(4, 1, [1.0])
    for line in users:
        line.about = {"worker": 1}
    cause = judge(users, Evidence(mode="sync")).cause
    assert cause
    assert "; gthread with 1 thread; " in cause.sentence


def test_what_a_foreign_endpoint_has_not_is_not_recommended() -> None:
    blocked = judge(
        [user(0.01, 6.0) for _ in range(6)], Evidence(is_parley=False, alone=SHORT, probe=SLOW_MODELS)
    ).cause
    queue = judge([user(0.01, done, done - 1.0) for done in (1.1, 2.1, 3.1)], Evidence(is_parley=False, alone=SHORT))
    assert blocked
    assert blocked.sentence.startswith("BLOCKED LOOP: /models took 2.0 s; ")
    assert "find it with a profiler" in blocked.sentence
    assert queue.cause
    assert queue.cause.sentence.endswith("it accepts all, but works on 1 at a time; raise that limit.")


def test_a_worker_that_answers_one_after_another_in_async_mode_has_a_blocked_loop() -> None:
    users = places(8, 4, [2.0])
    for number, line in enumerate(users):
        line.about = {"worker": number % 4}
    cause = judge(users, Evidence(mode="async")).cause
    assert cause
    assert cause.code == "blocked_loop"


def test_a_check_that_sends_late_is_not_held_against_the_server() -> None:
    users = [user(sent + 0.01, sent + 2.0, sent=sent) for sent in (0.0, 2.5, 5.0)]
    for line in users:
        line.planned = 0.0
    verdict = of(users)
    assert verdict.concurrent
    assert verdict.total_s == 7.0


def test_a_single_straggler_among_many_is_the_models_mood() -> None:
    alone = Alone(0.5, 5.0, 0, None, None)
    users = [user(0.01, 5.0, 0.5) for _ in range(49)]
    assert judge([*users, user(0.01, 12.0, 8.0)], Evidence(alone=alone)).concurrent
    late = [user(0.01, 10.0, 5.5) for _ in range(10)]
    assert judge([*users, *late], Evidence(alone=alone)).concurrent is False


def test_longer_answers_are_not_slower_ones() -> None:
    alone = Alone(0.5, 2.5, 100, 100, None)
    users = [user(0.01, 8.5, 0.5) for _ in range(10)]
    for line in users:
        line.tokens = 400
    assert judge(users, Evidence(alone=alone)).concurrent
    for line in users:
        line.tokens = 100
    verdict = judge(users, Evidence(alone=alone))
    assert verdict.concurrent is False
    assert "took 3.4 times as long as for one user alone" in verdict.reason


def test_most_frequent_error_and_its_remedy() -> None:
    users = [*(refused() for _ in range(3)), user(0.01, 1.0)]
    verdict = judge(users, Evidence())
    assert verdict.concurrent
    assert verdict.cause
    assert verdict.cause.sentence == (
        "ERRORS: 3 of 4 requests failed, most of them by overloaded (HTTP 503); "
        "the server refuses more turns: raise MAX_ACTIVE_TURNS, or add workers or servers."
    )


@pytest.mark.parametrize(
    ("busy", "wall_s", "lag"),
    [([], 10, 0.0), ([0.2] * 10, 10, 0.2), ([0.4, 0.01], 10, 0.0), ([0.4, 0.3, 0.01], 10, 0.3), ([2.0], 2, 2.0)],
)
def test_the_lag_that_is_exceeded_in_a_twentieth_of_the_time(busy: list[float], wall_s: float, lag: float) -> None:
    assert time_weighted_percentile(array("d", busy), wall_s, 0.05) == lag


def held_back(lasted_s: float, turn: float, done: float) -> Timeline:
    """Return a request whose events arrived together at its end, as a proxy that buffers hands them over."""
    line = Timeline(sent=0.0, turn=turn, worked=turn, first_token=turn, done=done, ended=done, about={"worker": 1})
    line.lasted_s, line.timings = lasted_s, {"queued": 1.0, "model_first": 500.0}
    return line


def test_a_proxy_that_buffers_is_not_held_against_the_server() -> None:
    baseline = alone([held_back(5.0, 4.9, 5.1)])
    verdict = judge([held_back(5.0, 4.9 + user / 50, 5.1 + user / 50) for user in range(10)], Evidence(alone=baseline))
    assert verdict.concurrent is True
    assert verdict.cause is not None
    assert verdict.cause.sentence.startswith("BUFFERED: a proxy holds answers back, 4.8 s for one user alone")


def test_a_queue_behind_a_proxy_that_buffers_is_one() -> None:
    baseline = alone([held_back(5.0, 4.9, 5.1)])
    first, second = ([held_back(5.0, end - 0.2, end) for _ in range(4)] for end in (5.1, 10.1))
    verdict = judge([*first, *second], Evidence(mode="sync", alone=baseline))
    assert verdict.concurrent is False
    assert verdict.cause is not None
    assert verdict.cause.sentence.startswith("BLOCKING: ")


def test_events_that_only_a_load_makes_late_are_the_servers_fault() -> None:
    baseline = alone([user(0.01, 5.0)])
    assert judge([held_back(5.0, 4.9, 5.1) for _ in range(10)], Evidence(alone=baseline)).concurrent is False
