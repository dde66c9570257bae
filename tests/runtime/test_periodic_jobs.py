"""chat/runtime/periodic_jobs.py: one list of jobs with one start and one stop."""

from __future__ import annotations

import threading

import pytest

from chat.runtime.periodic_jobs import PeriodicJob, PeriodicJobs

LONG_S = 20.0
NEVER_S = 3_600.0


class Count:
    """A job that counts its calls. `reached` is set at the third."""

    def __init__(self) -> None:
        self.calls = 0
        self.reached = threading.Event()

    def __call__(self) -> None:
        self.calls += 1
        if self.calls == 3:
            self.reached.set()


def names() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def test_each_job_runs_until_the_stop() -> None:
    one, two = Count(), Count()
    jobs = PeriodicJobs([PeriodicJob("one", 0.001, one), PeriodicJob("two", 0.001, two)], {})
    assert not names() & {"one", "two"}
    jobs.start()
    assert one.reached.wait(LONG_S)
    assert two.reached.wait(LONG_S)
    jobs.stop()
    assert not names() & {"one", "two"}
    calls = one.calls
    assert not threading.Event().wait(0.01)
    assert one.calls == calls


def test_a_slow_job_delays_no_other() -> None:
    gate, quick = threading.Event(), Count()
    jobs = PeriodicJobs([PeriodicJob("slow", 0.001, lambda: gate.wait(LONG_S)), PeriodicJob("quick", 0.001, quick)], {})
    jobs.start()
    assert quick.reached.wait(LONG_S)
    assert not gate.is_set()
    gate.set()
    jobs.stop()


def test_a_failing_job_goes_on_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    tried, other = Count(), Count()

    def fail() -> None:
        tried()
        raise OSError("The disk is full.")

    jobs = PeriodicJobs([PeriodicJob("failing", 0.001, fail), PeriodicJob("other", 0.001, other)], {})
    jobs.start()
    assert tried.reached.wait(LONG_S)
    assert other.reached.wait(LONG_S)
    jobs.stop()
    assert {record.getMessage() for record in caplog.records} == {"failing failed once and continues"}


def test_a_job_at_the_start_has_run_when_the_start_returns() -> None:
    first, later = Count(), Count()
    jobs = PeriodicJobs([PeriodicJob("first", NEVER_S, first, at_start=True), PeriodicJob("later", NEVER_S, later)], {})
    jobs.start()
    assert (first.calls, later.calls) == (1, 0)
    jobs.stop()


def test_a_start_that_fails_is_reported_and_can_be_stopped() -> None:
    def fail() -> None:
        raise OSError("The disk is full.")

    jobs = PeriodicJobs(
        [PeriodicJob("before", NEVER_S, lambda: None), PeriodicJob("failing", 1, fail, at_start=True)], {}
    )
    with pytest.raises(OSError, match="full"):
        jobs.start()
    jobs.stop()
    assert not names() & {"before", "failing"}


def test_they_can_start_again() -> None:
    count = Count()
    jobs = PeriodicJobs([PeriodicJob("again", NEVER_S, count, at_start=True)], {})
    for _ in range(2):
        jobs.start()
        jobs.stop()
    assert count.calls == 2


def test_another_interval_can_be_given() -> None:
    count = Count()
    jobs = PeriodicJobs([PeriodicJob("count", NEVER_S, count)], {"count": 0.001})
    jobs.start()
    assert count.reached.wait(LONG_S)
    jobs.stop()


def test_an_interval_for_no_job_is_refused() -> None:
    with pytest.raises(KeyError, match="cuont"):
        PeriodicJobs([PeriodicJob("count", 1.0, lambda: None)], {"cuont": 0.001})


def test_the_lag_of_a_job_is_known() -> None:
    gate = threading.Event()
    jobs = PeriodicJobs([PeriodicJob("count", 0.001, gate.set)], {})
    assert jobs.lag_ms("count") == 0.0
    jobs.start()
    assert gate.wait(LONG_S)
    assert jobs.lag_ms("count") >= 0.0
    jobs.stop()
