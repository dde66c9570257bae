"""The time for which a request waits for the database in all its calls, with a pool that takes no real time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.errors import NotFound, StoreTimeout, StoreUnavailable
from chat.runtime.native import Call, CallTimeout
from chat.runtime.wait_budget import of_request
from chat.store.engines.reads import Read
from chat.store.engines.timeouts import CallerTimeouts

LIMIT_S = 2.0
GRACE_S = 0.2
EXTRA_S = 20.0


class SlowDatabase:
    """A pool whose calls take seconds of its own clock: until they are under way, and then to their end."""

    def __init__(self) -> None:
        self.now = 100.0
        self.until_under_way_s = 0.0
        self.work_s = 0.0
        self.waits: list[float] = []

    def clock(self) -> float:
        return self.now

    def outcome(self, call: Call, timeout_s: float, extra_s: float) -> Any:
        began_at = self.now
        self._pass(min(self.until_under_way_s, timeout_s))
        if self.until_under_way_s <= timeout_s:
            call.under_way_at = self.now
            self._pass(min(self.work_s, began_at + timeout_s + extra_s - self.now))
        self.waits.append(self.now - began_at)
        if self.now - began_at < self.until_under_way_s + self.work_s:
            call.abandoned = True
            raise CallTimeout
        call.run()
        return call.result()

    def _pass(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def database() -> SlowDatabase:
    return SlowDatabase()


Calls = Callable[[], Any]


@pytest.fixture
def read(database: SlowDatabase) -> Calls:
    timeouts = CallerTimeouts("read", EXTRA_S, database.clock)
    return lambda: timeouts.outcome(database, LIMIT_S, lambda _: Read(lambda _: "rows"))  # type: ignore[arg-type]


@pytest.fixture
def write(database: SlowDatabase) -> Calls:
    timeouts = CallerTimeouts("write", clock=database.clock)
    return lambda: timeouts.outcome(database, LIMIT_S, lambda _: Call(lambda: "written"))  # type: ignore[arg-type]


def test_a_request_is_refused_after_one_limit_however_often_it_reads(database: SlowDatabase, read: Calls) -> None:
    database.until_under_way_s = 60.0
    with of_request():
        with pytest.raises(StoreTimeout):
            read()
        for _ in range(5):
            with pytest.raises(StoreUnavailable):
                read()
    assert database.waits == pytest.approx([LIMIT_S + GRACE_S])


def test_slow_answers_share_the_limit(database: SlowDatabase, read: Calls) -> None:
    database.until_under_way_s = 0.75
    with of_request():
        assert [read(), read()] == ["rows", "rows"]
        with pytest.raises(StoreTimeout):
            read()
    assert database.waits == pytest.approx([0.75, 0.75, 0.5 + GRACE_S])


def test_a_read_that_is_under_way_takes_its_time_and_nothing_from_others(database: SlowDatabase, read: Calls) -> None:
    database.work_s = 15.0
    with of_request():
        assert [read(), read(), read()] == ["rows"] * 3


def test_a_read_that_never_ends_is_given_up(database: SlowDatabase, read: Calls) -> None:
    database.work_s = 60.0
    with of_request(), pytest.raises(StoreTimeout):
        read()
    assert database.waits == pytest.approx([LIMIT_S + GRACE_S + EXTRA_S])


def test_a_write_has_no_more_time_when_it_is_under_way(database: SlowDatabase, write: Calls) -> None:
    database.work_s = 60.0
    with of_request(), pytest.raises(StoreTimeout):
        write()
    assert database.waits == pytest.approx([LIMIT_S + GRACE_S])


def test_a_locked_database_can_be_read_in_the_request_that_could_not_write(
    database: SlowDatabase, read: Calls, write: Calls
) -> None:
    database.work_s = 60.0
    with of_request():
        with pytest.raises(StoreTimeout):
            write()
        database.work_s = 0.0
        assert read() == "rows"
        with pytest.raises(StoreUnavailable):
            write()
        database.until_under_way_s = 60.0
        with pytest.raises(StoreTimeout):
            read()
        with pytest.raises(StoreUnavailable):
            read()
    assert database.waits == pytest.approx([LIMIT_S + GRACE_S, 0.0, 0.5 + GRACE_S])


def test_a_read_that_is_refused_for_another_reason_is_an_answer(database: SlowDatabase) -> None:
    timeouts = CallerTimeouts("read", EXTRA_S, database.clock)

    def missing(answered: Callable[[], None]) -> None:
        answered()
        raise NotFound("There is none.")

    database.work_s = 15.0
    with of_request():
        for _ in range(3):
            with pytest.raises(NotFound):
                timeouts.outcome(database, LIMIT_S, lambda _: Read(missing))  # type: ignore[arg-type]


def test_outside_of_a_request_each_call_has_the_whole_limit(database: SlowDatabase, read: Calls) -> None:
    database.until_under_way_s = 60.0
    for _ in range(2):
        with pytest.raises(StoreTimeout):
            read()
    assert database.waits == pytest.approx([LIMIT_S + GRACE_S] * 2)


def test_an_abandoned_read_is_not_executed() -> None:
    read = Read(lambda _: pytest.fail("it was executed"))
    read.abandoned = True
    read.run()
    assert read.done
    with pytest.raises(StoreUnavailable):
        read.result()
