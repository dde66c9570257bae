"""The table in which the workers of a server say how many turns they could take."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from config.server import capacity


@pytest.fixture
def server() -> SimpleNamespace:
    """A stand-in for gunicorn's master, which has only its workers."""
    return SimpleNamespace(WORKERS={})


@pytest.fixture
def new_worker(server: SimpleNamespace) -> Callable[[], Any]:
    """Return a function that has the master assign a row to a new worker."""
    pids = itertools.count(1)

    def create() -> SimpleNamespace:
        worker = SimpleNamespace()
        capacity.assign_row(server, worker)
        server.WORKERS[next(pids)] = worker
        return worker

    return create


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    """Check that there are no places before and none afterwards."""

    def clear() -> None:
        for row in range(512):
            capacity.publish(row, 0)

    clear()
    yield
    clear()


def in_another_process(row: int, free: int, *, lives: bool) -> Callable[[], None]:
    """Fork a child that reports free places, as a worker does. Return a function that ends it."""
    said, saying = os.pipe()
    ending, end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(end)
            capacity.publish(row, free)
            os.write(saying, b"x")
            if lives:
                os.read(ending, 1)
        finally:
            os._exit(0)
    os.close(ending)
    assert os.read(said, 1) == b"x"
    for descriptor in (said, saying):
        os.close(descriptor)

    def be_gone() -> None:
        os.close(end)
        os.waitpid(child, 0)

    if not lives:
        be_gone()
    return be_gone


def test_each_worker_has_a_slot_of_its_own_and_a_dead_ones_is_used_again(
    server: SimpleNamespace, new_worker: Callable[[], Any]
) -> None:
    workers = [new_worker() for _ in range(4)]
    assert [worker.capacity_row for worker in workers] == [0, 1, 2, 3]
    del server.WORKERS[2]
    assert new_worker().capacity_row == 1
    assert len({worker.capacity_row for worker in server.WORKERS.values()}) == 4


def test_a_worker_without_a_slot_yet_does_not_disturb(server: SimpleNamespace, new_worker: Callable[[], Any]) -> None:
    server.WORKERS[99] = SimpleNamespace()
    assert new_worker().capacity_row == 0


def test_a_worker_with_places_is_seen_by_the_others_and_not_by_itself(new_worker: Callable[[], Any]) -> None:
    here, there = new_worker(), new_worker()
    assert not capacity.free_elsewhere(here.capacity_row)
    capacity.publish(there.capacity_row, 3)
    assert capacity.free_elsewhere(here.capacity_row)
    assert not capacity.free_elsewhere(there.capacity_row)
    capacity.publish(there.capacity_row, 0)
    assert not capacity.free_elsewhere(here.capacity_row)


def test_too_many_turns_of_one_count_against_the_places_of_another(new_worker: Callable[[], Any]) -> None:
    here, there, third = new_worker(), new_worker(), new_worker()
    capacity.publish(there.capacity_row, -2)
    assert capacity.free_elsewhere(here.capacity_row) == -2
    capacity.publish(third.capacity_row, 3)
    assert (capacity.free_elsewhere(here.capacity_row), capacity.free_elsewhere(there.capacity_row)) == (1, 3)


def test_a_new_worker_has_no_places_until_it_says_so(server: SimpleNamespace, new_worker: Callable[[], Any]) -> None:
    here, there = new_worker(), new_worker()
    capacity.publish(there.capacity_row, 3)
    del server.WORKERS[2]
    assert new_worker().capacity_row == there.capacity_row
    assert not capacity.free_elsewhere(here.capacity_row)


def test_what_another_process_says_is_seen_as_long_as_it_lives(new_worker: Callable[[], Any]) -> None:
    here, there = new_worker(), new_worker()
    be_gone = in_another_process(there.capacity_row, 2, lives=True)
    assert capacity.free_elsewhere(here.capacity_row)
    be_gone()
    assert not capacity.free_elsewhere(here.capacity_row)


def test_what_a_dead_one_said_does_not_hide_a_living_one(new_worker: Callable[[], Any]) -> None:
    here, dead, alive = new_worker(), new_worker(), new_worker()
    in_another_process(dead.capacity_row, 2, lives=False)
    assert not capacity.free_elsewhere(here.capacity_row)
    be_gone = in_another_process(alive.capacity_row, 1, lives=True)
    assert capacity.free_elsewhere(here.capacity_row)
    be_gone()


def test_there_may_be_more_workers_than_slots(new_worker: Callable[[], Any]) -> None:
    workers = [new_worker() for _ in range(600)]
    assert len({worker.capacity_row for worker in workers[:512]}) == 512
    assert all(0 <= worker.capacity_row < 512 for worker in workers)
    capacity.publish(workers[-1].capacity_row, 1)
    assert capacity.free_elsewhere(workers[0].capacity_row)


def test_two_servers_do_not_share_it() -> None:
    capacity.publish(1, 5)
    other = "from config.server import capacity; print(capacity.free_elsewhere(0))"
    done = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
