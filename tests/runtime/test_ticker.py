"""The ticker of a worker, in both kinds of worker: see test_mode.py."""

from __future__ import annotations

import logging
import threading
import time

import pytest

from chat.runtime.ticker import Ticker

INTERVAL_S = 0.02


class Calls:
    """Counter of calls. A test can wait for the next call."""

    def __init__(self) -> None:
        self.at: list[float] = []
        self._more = threading.Condition()

    def __call__(self) -> None:
        with self._more:
            self.at.append(time.monotonic())
            self._more.notify_all()

    def wait_for(self, number: int) -> None:
        with self._more:
            assert self._more.wait_for(lambda: len(self.at) >= number, 20)


def test_it_calls_again_and_again() -> None:
    calls = Calls()
    ticker = Ticker("test", INTERVAL_S, calls)
    started = time.monotonic()
    ticker.start()
    calls.wait_for(5)
    ticker.stop()
    # Never early: that much a clock can promise on any machine.
    gaps = [later - earlier for earlier, later in zip([started, *calls.at], calls.at, strict=False)]
    assert min(gaps) >= INTERVAL_S * 0.9


def test_after_a_long_call_it_does_not_make_up_for_what_was_missed() -> None:
    calls = Calls()
    gate = threading.Event()

    def call() -> None:
        if not calls.at:
            gate.wait(5 * INTERVAL_S)
        calls()

    ticker = Ticker("test", INTERVAL_S, call)
    ticker.start()
    calls.wait_for(4)
    ticker.stop()
    gaps = [later - earlier for earlier, later in zip(calls.at, calls.at[1:], strict=False)]
    assert min(gaps) >= INTERVAL_S * 0.9


def test_a_call_that_fails_is_logged_and_the_clock_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    calls = Calls()

    def fail() -> None:
        calls()
        raise ValueError(f"number {len(calls.at)}")

    ticker = Ticker("flusher", INTERVAL_S, fail)
    with caplog.at_level(logging.ERROR):
        ticker.start()
        calls.wait_for(3)
        ticker.stop()
    assert [record.getMessage() for record in caplog.records][:3] == ["flusher failed once and continues"] * 3
    assert "number 2" in caplog.text


def test_after_stop_there_are_no_more_calls() -> None:
    calls = Calls()
    ticker = Ticker("test", 0.001, calls)
    ticker.start()
    calls.wait_for(2)
    ticker.stop()
    count = len(calls.at)
    assert not [thread for thread in threading.enumerate() if thread.name == "test"]
    time.sleep(0.02)
    assert len(calls.at) == count


def test_stop_does_not_wait_for_the_next_tick() -> None:
    ticker = Ticker("test", 3600, lambda: pytest.fail("called"))
    ticker.start()
    ticker.stop()


def test_stop_waits_for_a_call_under_way() -> None:
    begun, gate, done = threading.Event(), threading.Event(), threading.Event()

    def call() -> None:
        begun.set()
        gate.wait(20)
        done.set()

    ticker = Ticker("test", 0.001, call)
    ticker.start()
    assert begun.wait(20)
    threading.Timer(0.01, gate.set).start()
    ticker.stop()
    assert done.is_set()


def test_a_call_may_stop_its_own_clock() -> None:
    calls = Calls()

    def call() -> None:
        calls()
        ticker.stop()

    ticker = Ticker("test", 0.001, call)
    ticker.start()
    calls.wait_for(1)
    ticker.stop()
    assert len(calls.at) == 1


def test_stopping_what_was_never_started_and_stopping_twice() -> None:
    ticker = Ticker("test", 0.001, lambda: None)
    ticker.stop()
    ticker = Ticker("test", 0.001, lambda: None)
    ticker.start()
    ticker.stop()
    ticker.stop()


def test_the_lag_is_how_late_the_ticks_came() -> None:
    calls = Calls()
    ticker = Ticker("test", INTERVAL_S, calls)
    assert ticker.lag_ms == 0
    ticker.start()
    calls.wait_for(2)
    lag = ticker.lag_ms
    assert 0 <= lag < 20_000
    assert lag == round(lag, 1)
    ticker.stop()
