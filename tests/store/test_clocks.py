"""The clock of this machine is compared with the database's own, where it has one."""

from __future__ import annotations

import time

import pytest

from chat.runtime.clock import Clock
from chat.store import Store


class WrongClock(Clock):
    """A clock of a machine that was set wrong by some seconds."""

    wrong_s = 0.0

    def now_ms(self) -> int:
        return int((time.time() + self.wrong_s) * 1000)


@pytest.fixture
def clock() -> Clock:
    return WrongClock()


@pytest.mark.parametrize(("wrong_s", "words"), [(65.0, "65 s ahead of"), (-3600.0, "3600 s behind"), (2.0, "")])
def test_a_clock_that_differs_is_reported_and_makes_nothing_unready(
    store: Store, clock: WrongClock, wrong_s: float, words: str
) -> None:
    clock.wrong_s = wrong_s
    store.readiness.probe_write()
    has_clock = store.engine.clock_ms() is not None
    assert has_clock == (not store.engine.location.endswith(".db"))
    problem = store.readiness.clock_problem
    if words and has_clock:
        assert problem == f"The clock of this machine is {words} that of the database; synchronize both (NTP)."
    else:
        assert problem == ""
    store.ping()
    clock.wrong_s = 0
    store.readiness.probe_write()
    assert store.readiness.clock_problem == ""
