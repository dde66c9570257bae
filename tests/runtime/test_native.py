"""Native threads for calls that block inside C, in both kinds of worker: see test_mode.py.

Inside the jobs only what gevent leaves alone is used: `os.read` on a pipe waits in C, as sqlite3 does.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from chat.runtime.mode import native_lock, native_sleep
from chat.runtime.native import Call, CallTimeout, NativePool
from scripts.kit.waiting import wait_until


class Gate:
    """A gate. `enter` waits inside C for an `open`; each `open` lets one caller pass."""

    def __init__(self) -> None:
        self._out, self._in = os.pipe()

    def open(self) -> None:
        os.write(self._in, b"x")

    def enter(self) -> bytes:
        return os.read(self._out, 1)

    def close(self) -> None:
        os.close(self._out)
        os.close(self._in)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.close()


@pytest.fixture
def pool() -> Iterator[NativePool]:
    pool = NativePool(4)
    yield pool
    pool.close()


def test_it_returns_what_the_work_returns(pool: NativePool) -> None:
    value = object()
    assert pool.run(lambda: value) is value
    assert pool.run(lambda: None) is None


class Odd(BaseException):
    pass


@pytest.mark.parametrize("error", [ValueError("x"), Odd("x"), SystemExit(3), KeyboardInterrupt(), StopIteration(5)])
def test_it_raises_what_the_work_raises(pool: NativePool, error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        pool.run(fail)
    assert raised.value is error
    assert pool.run(lambda: 5) == 5


def test_an_exception_is_not_printed(pool: NativePool, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError):
        pool.run(lambda: 1 / 0)
    assert capfd.readouterr() == ("", "")


def test_the_work_runs_apart_from_whoever_waits(pool: NativePool, gate: Gate) -> None:
    """A job that waits in C delays no other job: the one that opens the gate still runs."""
    waiting = threading.Thread(target=lambda: entered.append(pool.run(gate.enter)))
    entered: list[bytes] = []
    waiting.start()
    gate.open()
    waiting.join(20)
    assert entered == [b"x"]


def test_as_many_at_once_as_it_has_threads(pool: NativePool, gate: Gate) -> None:
    arrived = Gate()

    def work() -> bytes:
        arrived.open()
        return gate.enter()

    callers = [threading.Thread(target=pool.run, args=(work,)) for _ in range(4)]
    for caller in callers:
        caller.start()
    for _ in callers:
        wait_at(arrived)  # all four stand at the gate
    for _ in callers:
        gate.open()
    for caller in callers:
        caller.join(20)
        assert not caller.is_alive()
    arrived.close()


def wait_at(gate: Gate) -> None:
    """Wait at a gate without blocking other threads, native or not."""
    waiter = NativePool(1)
    assert waiter.run(gate.enter) == b"x"
    waiter.close()


def test_one_thread_is_one_at_a_time() -> None:
    pool = NativePool(1)
    running = []
    done = []

    def work(number: int) -> None:
        running.append(number)
        for _ in range(1000):
            assert running == [number]
        done.append(number)
        running.remove(number)

    callers = [threading.Thread(target=pool.run, args=(lambda number=number: work(number),)) for number in range(20)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(20)
    pool.close()
    assert sorted(done) == list(range(20))


def test_more_callers_than_threads(pool: NativePool) -> None:
    answers: list[int] = []
    callers = [
        threading.Thread(target=lambda number=number: answers.append(pool.run(lambda: number * number)))
        for number in range(100)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(20)
    assert sorted(answers) == [number * number for number in range(100)]


def test_closing_waits_for_the_work_under_way(gate: Gate) -> None:
    pool = NativePool(1)
    begun = Gate()
    done: list[str] = []

    def work() -> None:
        begun.open()
        gate.enter()
        done.append("worked")

    def close() -> None:
        pool.close()
        done.append("closed")

    caller, closer = threading.Thread(target=pool.run, args=(work,)), threading.Thread(target=close)
    caller.start()
    wait_at(begun)
    closer.start()
    gate.open()
    for thread in (caller, closer):
        thread.join(20)
    begun.close()
    assert done == ["worked", "closed"]


def test_closing_what_was_never_used() -> None:
    NativePool(3).close()


def test_a_native_lock_under_contention() -> None:
    """Native threads and the main thread share a lock. With a patched lock they would wait for ever."""
    lock = native_lock()
    pool = NativePool(4)
    total = [0]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def count() -> None:
        for _ in range(500):
            with lock:
                before = total[0]
                for _ in range(20):
                    pass
                total[0] = before + 1

    try:
        callers = [threading.Thread(target=pool.run, args=(count,)) for _ in range(4)]
        for caller in callers:
            caller.start()
        count()
        for caller in callers:
            caller.join(20)
            assert not caller.is_alive()
    finally:
        sys.setswitchinterval(interval)
    pool.close()
    assert total == [2500]


def test_a_native_lock_is_a_lock() -> None:
    lock = native_lock()
    assert lock.acquire(False)
    assert not lock.acquire(False)
    lock.release()
    assert lock.acquire(False)
    lock.release()


class Groups:
    """A pool of one thread that records which calls it received together."""

    def __init__(self, most: int, every_s: float = 0.0) -> None:
        self.seen: list[list[object]] = []
        self.put_off: object = None  # a work that is not made the first time
        self.pool = NativePool(1, self._make, most, every_s)

    def _make(self, calls: Sequence[Call]) -> None:
        self.seen.append([call.work for call in calls])
        for call in calls:
            if call.work is self.put_off:
                self.put_off = None
            else:
                call.run()

    def run_while_held(self, gate: Gate, works: list[Callable[[], object]]) -> list[object]:
        """Queue `works` in this order behind a job that waits at the gate, then open it. Return their results."""
        arrived = Gate()
        at_gate = threading.Thread(target=self.pool.run, args=(lambda: (arrived.open(), gate.enter()),))
        at_gate.start()
        wait_at(arrived)
        arrived.close()
        results: dict[int, object] = {}
        callers = []
        for number, work in enumerate(works):
            caller = threading.Thread(target=lambda n=number, w=work: results.update({n: self.pool.run(w)}))
            caller.start()
            callers.append(caller)
            wait_until(lambda n=number: self.pool.queued == n + 1)
        gate.open()
        for caller in (at_gate, *callers):
            caller.join(20)
            assert not caller.is_alive()
        return [results[number] for number in range(len(works))]


def test_one_thread_is_handed_all_that_wait(gate: Gate) -> None:
    groups = Groups(most=4)
    works = [lambda n=n: n for n in range(6)]
    assert groups.run_while_held(gate, works) == list(range(6))
    assert groups.seen[1:] == [works[:4], works[4:]]
    groups.pool.close()


def test_what_was_not_made_comes_again_before_the_others(gate: Gate) -> None:
    groups = Groups(most=2)
    works = [lambda n=n: n for n in range(3)]
    groups.put_off = works[0]
    assert groups.run_while_held(gate, works) == [0, 1, 2]
    assert groups.seen[1:] == [works[:2], [works[0], works[2]]]
    groups.pool.close()


def test_a_group_that_cannot_be_made_is_told_so_and_the_thread_goes_on(gate: Gate) -> None:
    broken = [True]

    def make(calls: Sequence[Call]) -> None:
        if broken[0]:
            broken[0] = False
            raise ValueError("on purpose")
        for call in calls:
            call.run()

    pool = NativePool(1, make, 8)
    with pytest.raises(ValueError, match="on purpose"):
        pool.run(lambda: 1)
    assert pool.run(lambda: 2) == 2
    pool.close()


def test_a_closed_pool_takes_no_more(pool: NativePool) -> None:
    pool.run(int)
    pool.close()
    pool.close()
    with pytest.raises(RuntimeError, match="closed"):
        pool.run(int)


def test_a_call_that_is_not_over_in_time(gate: Gate) -> None:
    pool = NativePool(1)
    call = Call(gate.enter)
    with pytest.raises(CallTimeout):
        pool.outcome(call, 0.05)
    assert call.under_way_at and call.abandoned and not call.done
    behind = Call(lambda: 1)
    with pytest.raises(CallTimeout):
        pool.outcome(behind, 0.05, iter([0.05, 0.05, 0.0]).__next__)
    assert not behind.under_way_at
    gate.open()
    assert pool.run(lambda: 2) == 2
    assert call.value == b"x"
    assert behind.value == 1
    pool.close()


def test_a_call_may_get_more_time_again_and_again(gate: Gate) -> None:
    pool = NativePool(1)
    threading.Timer(0.2, gate.open).start()
    assert pool.outcome(Call(gate.enter), 0.05, iter([0.05, 60.0]).__next__) == b"x"
    pool.close()


def test_the_time_before_a_call_does_not_count(pool: NativePool) -> None:
    """Under gevent the loop's own time stands still while nothing waits, as in a long import."""
    pool.run(lambda: None)
    until = time.monotonic() + 0.6
    while time.monotonic() < until:
        pass
    sleep = native_sleep()
    assert pool.outcome(Call(lambda: sleep(0.05) or 7), 0.5) == 7
