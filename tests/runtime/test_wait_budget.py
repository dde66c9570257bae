"""Time that a request may still wait for the database."""

from __future__ import annotations

import contextvars
import threading
import time
from typing import get_args

import pytest

from chat.runtime import wait_budget
from chat.runtime.wait_budget import Kind, WaitBudget, arrived, current, of_request

KINDS: tuple[Kind, ...] = get_args(Kind)


@pytest.mark.parametrize("kind", ["read", "write"])
@pytest.mark.parametrize(
    ("slow_since", "left_s"),
    [(None, 2.0), (100.0, 0.5), (90.0, 0.5), (101.0, 1.5), (101.5, 2.0), (110.0, 2.0)],
    ids=["not slow", "since the arrival", "since before", "since later", "since the beginning", "since after it"],
)
def test_waiting_for_a_thread_counts_while_the_database_is_slow(
    kind: Kind, slow_since: float | None, left_s: float
) -> None:
    assert WaitBudget(arrived_at=100.0, began_at=101.5).left_s(kind, 2.0, slow_since) == left_s


def test_what_was_spent_is_gone() -> None:
    budget = WaitBudget(arrived_at=100.0, began_at=100.5)
    budget.spend("read", 0.25)
    budget.spend("write", 0.5)
    for kind in KINDS:
        assert budget.left_s(kind, 2.0, None) == 1.25
        assert budget.left_s(kind, 2.0, 100.0) == 0.75


def test_writes_leave_something_for_reads_but_reads_do_not() -> None:
    budget = WaitBudget(arrived_at=100.0, began_at=100.0)
    budget.spend("write", 2.5)
    assert budget.left_s("read", 2.0, None) == 0.5
    assert budget.left_s("read", 0.25, None) == 0.25
    assert budget.left_s("write", 2.0, None) <= 0
    budget.spend("read", 0.5)
    assert budget.left_s("read", 2.0, None) <= 0


def test_a_request_has_one_budget_and_its_threads_have_none() -> None:
    elsewhere = []

    def look() -> None:
        elsewhere.append(current())

    with of_request():
        budget = current()
        assert budget is not None
        assert current() is budget
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert elsewhere == [None]
    assert current() is None


def test_the_arrival_is_that_of_the_thread_s_last_request() -> None:
    def answer(before_s: float) -> float:
        arrived(time.monotonic() - before_s)
        with of_request():
            budget = wait_budget.current()
            assert budget is not None
            return 2.0 - budget.left_s("write", 2.0, 0.0)

    context = contextvars.copy_context()
    assert [round(context.run(answer, before_s), 1) for before_s in (1.0, 0.0, 5.0)] == [1.0, 0.0, 5.0]
