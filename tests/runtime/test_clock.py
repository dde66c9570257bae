"""chat/runtime/clock.py: the machine's clock, and the clocks of tests."""

from __future__ import annotations

import time

import pytest

from chat.runtime.clock import MACHINE_CLOCK, Clock
from tests.fake_clock import FakeClock, HastyClock


@pytest.fixture(params=[MACHINE_CLOCK, FakeClock(), HastyClock()], ids=["machine", "fake", "hasty"])
def clock(request: pytest.FixtureRequest) -> Clock:
    return request.param


def test_a_sleep_advances_both_times(clock: Clock) -> None:
    wall_ms, since = clock.now_ms(), clock.monotonic()
    clock.sleep(0.05)
    assert clock.monotonic() - since >= 0.0499
    assert clock.now_ms() - wall_ms >= 49


def test_the_machine_clock_is_that_of_the_machine() -> None:
    before = time.time(), time.monotonic()
    wall_s, monotonic_s = MACHINE_CLOCK.now_ms() / 1000, MACHINE_CLOCK.monotonic()
    assert before[0] - 0.001 <= wall_s <= time.time()
    assert before[1] <= monotonic_s <= time.monotonic()


def test_a_hasty_clock_does_not_wait() -> None:
    clock, since = HastyClock(), time.monotonic()
    clock.sleep(3_600.0)
    assert time.monotonic() - since < 600.0
