from __future__ import annotations

import gc
import threading
import time
import weakref

import pytest

from chat.cancellation import Cancellation
from chat.errors import TurnEnded
from chat.runtime import threads
from chat.tools.cache import Cache
from chat.tools.http import SourceUnavailable
from scripts.kit.waiting import wait_until

from .conftest import InContext, tool_context


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


class Fetch:
    """A fetch that returns 1, 2, 3 …, fails while `broken`, and waits until `go_on` is set."""

    def __init__(self) -> None:
        self.calls = 0
        self.broken = False
        self.go_on = threading.Event()
        self.go_on.set()
        self.began = threading.Event()
        self.began_twice = threading.Event()

    def __call__(self) -> int:
        self.calls += 1
        (self.began_twice if self.began.is_set() else self.began).set()
        assert self.go_on.wait(10)
        if self.broken:
            raise SourceUnavailable("The source is out.", 503)
        return self.calls


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fetch() -> Fetch:
    return Fetch()


@pytest.fixture
def cache(clock) -> InContext:
    return InContext(Cache(60, failure_ttl_s=5, limit=2, clock=clock))


def test_a_value_is_fetched_once_until_it_expires(cache, clock, fetch):
    assert [cache.get("a", fetch), cache.get("a", fetch)] == [1, 1]
    clock.time = 59.9
    assert cache.get("a", fetch) == 1
    clock.time = 60.0
    assert cache.get("a", fetch) == 2


def test_keys_do_not_share_values(cache, fetch):
    assert [cache.get("a", fetch), cache.get("b", fetch)] == [1, 2]


def test_a_failure_is_kept_for_a_short_while_only(cache, clock, fetch):
    fetch.broken = True
    for _ in range(3):
        with pytest.raises(SourceUnavailable, match="The source is out") as raised:
            cache.get("a", fetch)
        assert raised.value.status == 503
    assert fetch.calls == 1
    fetch.broken = False
    clock.time = 5.0
    assert cache.get("a", fetch) == 2


def test_the_value_least_used_makes_room(cache, fetch):
    cache.get("a", fetch)
    cache.get("b", fetch)
    cache.get("a", fetch)
    cache.get("c", fetch)  # evicts b
    assert fetch.calls == 3
    cache.get("a", fetch)
    cache.get("c", fetch)
    assert fetch.calls == 3
    cache.get("b", fetch)
    assert fetch.calls == 4


@pytest.mark.parametrize("broken", [False, True])
def test_ten_concurrent_callers_cost_one_fetch(cache, fetch, broken):
    fetch.broken = broken
    fetch.go_on.clear()
    outcomes: list[object] = []

    def ask() -> None:
        try:
            outcomes.append(cache.get("a", fetch))
        except SourceUnavailable as failure:
            outcomes.append(str(failure))

    asking = [threading.Thread(target=ask) for _ in range(10)]
    for thread in asking:
        thread.start()
    assert not fetch.began_twice.wait(0.2)
    fetch.go_on.set()
    for thread in asking:
        thread.join(10)
    assert outcomes == ["The source is out." if broken else 1] * 10
    assert fetch.calls == 1


def test_others_are_not_held_up(cache, fetch):
    slow = Fetch()
    slow.go_on.clear()
    waiting = threading.Thread(target=cache.get, args=("slow", slow))
    waiting.start()
    assert slow.began.wait(10)
    assert cache.get("a", fetch) == 1
    slow.go_on.set()
    waiting.join(10)


def test_waits_are_bounded_and_a_late_value_is_still_cached(clock, fetch):
    cache = InContext(Cache(60, wait_s=0.02, clock=clock))
    fetch.go_on.clear()
    with pytest.raises(SourceUnavailable, match="did not answer in time"):
        cache.get("a", fetch)
    fetch.go_on.set()
    for thread in threading.enumerate():
        if thread.name == "fetch":
            thread.join(10)
    assert cache.get("a", fetch) == 1
    assert fetch.calls == 1


def test_a_caller_whose_turn_ends_does_not_wait_and_the_fetch_goes_on(clock, fetch):
    cache: Cache[int] = Cache(60, clock=clock)
    fetch.go_on.clear()
    cancellation = Cancellation(60)
    threading.Timer(0.05, cancellation.cancel, ("stopped",)).start()
    with pytest.raises(TurnEnded):
        cache.get("a", fetch, tool_context(cancellation=cancellation))
    fetch.go_on.set()
    assert cache.get("a", fetch, tool_context()) == 1
    assert fetch.calls == 1


def test_a_caller_waits_no_longer_than_its_call_may_take(fetch):
    cache: Cache[int] = Cache(60)
    fetch.go_on.clear()
    with pytest.raises(SourceUnavailable, match="did not answer in time"):
        cache.get("a", fetch, tool_context(deadline=time.monotonic() + 0.02))
    fetch.go_on.set()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fetch_that_breaks_leaves_no_caller_waiting(cache):
    def broken() -> int:
        raise ZeroDivisionError

    with pytest.raises(SourceUnavailable, match="could not be used"):
        cache.get("a", broken)


def test_without_a_thread_to_be_had_the_caller_is_told(cache, fetch, monkeypatch):
    def no_thread(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threads, "start", no_thread)
    with pytest.raises(SourceUnavailable, match="too busy"):
        cache.get("a", fetch)
    assert fetch.calls == 0


def test_a_kept_failure_holds_nothing_of_how_it_came_about(cache):
    class Answer:
        """Stand-in for a response that is being read."""

    answers: list[weakref.ref[Answer]] = []

    def fails() -> int:
        answer = Answer()
        answers.append(weakref.ref(answer))
        raise SourceUnavailable("No.", 503)

    gc.disable()
    try:
        for _ in range(2):  # the second time from the cached failure
            with pytest.raises(SourceUnavailable, match="No"):
                cache.get("key", fails)
        wait_until(lambda: all(answer() is None for answer in answers), "the answer is freed", 5)
    finally:
        gc.enable()
    assert len(answers) == 1
