"""tests/late_machine.py: a test is repeated only if the machine was late, and not without end."""

from __future__ import annotations

import contextlib
import time

import pytest

from tests.late_machine import ATTEMPTS, Punctuality, repeated


class Machine(contextlib.nullcontext[None]):
    def __init__(self, was_late: bool) -> None:
        super().__init__()
        self.was_late = was_late


@pytest.mark.parametrize(
    ("was_late", "good_at", "attempts"),
    [(False, 1, 1), (False, 2, 1), (True, 1, 1), (True, 3, 3), (True, 99, ATTEMPTS)],
)
def test_what_is_repeated(was_late: bool, good_at: int, attempts: int) -> None:
    numbers: list[int] = []

    def test(number: int) -> None:
        numbers.append(number)
        assert len(numbers) >= good_at

    with contextlib.suppress(AssertionError) if attempts < good_at else contextlib.nullcontext():
        repeated(test, lambda: Machine(was_late))(number=7)
    assert numbers == [7] * attempts


def test_a_fault_of_another_kind_is_not_repeated() -> None:
    calls: list[int] = []

    def test() -> None:
        calls.append(1)
        raise OSError

    with pytest.raises(OSError):
        repeated(test, lambda: Machine(was_late=True))()
    assert calls == [1]


def test_who_holds_the_interpreter_makes_it_late() -> None:
    with Punctuality() as machine:
        until = time.monotonic() + 0.2
        while time.monotonic() < until:
            sum(range(3_000_000))
    assert machine.was_late
