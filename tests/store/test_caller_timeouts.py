"""The time for which a request waits for the database in all its calls, with a pool that takes no real time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.errors import NotFound, StoreTimeout, StoreUnavailable
from chat.runtime.native import Call, CallTimeout
from chat.runtime.wait_budget import of_request
from chat.store.engines.reads import Read
from chat.store.engines.timeouts import CallerTimeouts, ReadTimeouts

LIMIT_S = 2.0
GRACE_S = 0.2
EXTRA_S = 20.0
STEP_S = 0.25


class SlowDatabase:
    """A pool whose calls take seconds of its own clock: in the queue, until they are under way, and to their end."""

    def __init__(self) -> None:
        self.now = 100.0
        self.queue_s = 0.0
        self.until_under_way_s = 0.0
        self.work_s = 0.0
        self.waits: list[float] = []
        # Called after each step of time.
        self.meanwhile: Callable[[], object] = lambda: None

    def clock(self) -> float:
        return self.now

    def outcome(self, call: Any, timeout_s: float, more_s: Callable[[], float]) -> Any:
        began_at = self.now
        under_way_at = began_at + self.queue_s + self.until_under_way_s
        ends_at = under_way_at + self.work_s
        gives_up_at = began_at + timeout_s
        while True:
            while self.now < (until := min(ends_at, gives_up_at)):
                self.now = min(until, self.now + STEP_S)
                self.meanwhile()
            if under_way_at <= self.now and not call.under_way_at:
                call.under_way_at = under_way_at
                if isinstance(call, Read):
                    call.on_answer(self.until_under_way_s)
            if self.now == ends_at or not (longer_s := more_s()):
                break
            gives_up_at = self.now + longer_s
        self.waits.append(self.now - began_at)
        if self.now < ends_at:
            call.abandoned = True
            raise CallTimeout
        if isinstance(call, Read):
            call.end(call.read(lambda: None))
        else:
            call.end(call.work())
        return call.result()


@pytest.fixture
def database() -> SlowDatabase:
    return SlowDatabase()


Calls = Callable[[], Any]


@pytest.fixture
def read(database: SlowDatabase) -> Calls:
    timeouts = ReadTimeouts(EXTRA_S, database.clock)
    return lambda: timeouts.outcome(database, LIMIT_S, lambda _: Read(lambda _: "rows"))  # type: ignore[arg-type]


@pytest.fixture
def write(database: SlowDatabase) -> Calls:
    timeouts = CallerTimeouts(database.clock)
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
    assert database.waits == pytest.approx([EXTRA_S])


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
    timeouts = ReadTimeouts(EXTRA_S, database.clock)

    def missing(_: Callable[[], None]) -> None:
        raise NotFound("There is none.")

    database.work_s = 15.0
    with of_request():
        for _ in range(3):
            with pytest.raises(NotFound):
                timeouts.outcome(database, LIMIT_S, lambda _: Read(missing))  # type: ignore[arg-type]


def test_a_read_in_a_long_queue_is_not_refused_while_others_are_answered(database: SlowDatabase) -> None:
    timeouts = ReadTimeouts(EXTRA_S, database.clock)

    def read() -> object:
        return timeouts.outcome(database, LIMIT_S, lambda _: Read(lambda _: "rows"))  # type: ignore[arg-type]

    def answer_another() -> None:
        queue_s, database.queue_s = database.queue_s, 0.0
        read()
        database.queue_s = queue_s

    database.meanwhile = answer_another
    database.queue_s = 1.5
    with of_request():
        assert [read(), read(), read()] == ["rows"] * 3
    database.queue_s = 60.0
    with of_request(), pytest.raises(StoreTimeout):
        read()
    assert database.waits[-1] == pytest.approx(10.0, abs=STEP_S)
    database.queue_s, database.meanwhile = 1.5, lambda: None  # nobody is answered any more
    with of_request():
        assert read() == "rows"
        with pytest.raises(StoreTimeout):
            read()
    assert database.waits[-1] == pytest.approx(LIMIT_S - 1.5 + GRACE_S)


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
