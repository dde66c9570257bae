"""The order in which connections get the time of a gevent worker's loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import gevent
import pytest
from gevent import socket

from chat.runtime.fair_queue import SLICE_S, FairQueue, next_read_size
from chat.runtime.http.bounds import Bounds
from chat.runtime.http.greenlet_server import BoundedSocket
from chat.runtime.http.request_budget import BodyMemory

LONG_S = 30.0


@pytest.fixture(autouse=True)
def _current_time() -> None:
    """Update the loop's time: after minutes in which it did not run, a time limit would end at once."""
    gevent.get_hub().loop.update_now()


def test_busy_ones_take_turns_and_others_go_on_between_them() -> None:
    fair_queue = FairQueue(slice_s=0.0)
    seen: list[str] = []

    def busy(name: str) -> None:
        for _ in range(3):
            fair_queue.wait()
            seen.append(name)

    def other() -> None:
        while True:
            gevent.sleep(0.0001)
            seen.append("other")

    beside = gevent.spawn(other)
    gevent.joinall([gevent.spawn(busy, name) for name in "abcd"], timeout=LONG_S, raise_error=True)
    beside.kill()
    turns = [name for name in seen if name != "other"]
    assert turns == list("abcd") * 3
    places = [place for place, name in enumerate(seen) if name != "other"]
    assert all(later - earlier > 1 for earlier, later in pairwise(places))


def test_those_with_little_to_do_share_a_slice() -> None:
    fair_queue = FairQueue(slice_s=LONG_S)
    seen: list[int] = []
    loop_iterations: set[int] = set()

    def brief(number: int) -> None:
        fair_queue.wait()
        seen.append(number)
        loop_iterations.add(gevent.get_hub().loop.iteration)

    gevent.joinall([gevent.spawn(brief, number) for number in range(50)], LONG_S)
    assert seen == list(range(50))
    assert len(loop_iterations) < 10
    assert not fair_queue.is_contended


def test_one_that_is_killed_leaves_the_queue() -> None:
    fair_queue = FairQueue(slice_s=0.0)
    killed, other = gevent.spawn(fair_queue.wait), gevent.spawn(fair_queue.wait)
    gevent.sleep(0)
    killed.kill()
    other.join(LONG_S)
    assert other.successful()
    assert not fair_queue.is_contended


@pytest.mark.parametrize(
    ("piece", "size", "took_s", "expected"),
    [
        (2048, 2048, SLICE_S * 4, 512),
        (2048, 1000, SLICE_S * 2, 500),
        (2048, 2048, SLICE_S * 1000, 256),
        (2048, 2048, SLICE_S, 2048),
        (2048, 10, 0.0, 16_384),
        (1 << 20, 1 << 20, 0.0, 1 << 20),
    ],
    ids=["too slow", "too slow for few", "never too little", "just right", "fast", "never too much"],
)
def test_as_much_is_taken_as_a_slice_is_enough_for(piece: int, size: int, took_s: float, expected: int) -> None:
    assert next_read_size(piece, size, took_s, SLICE_S) == expected


class _Counted(FairQueue):
    waits = 0

    def wait(self) -> None:
        self.waits += 1


Make = Callable[[], tuple[BoundedSocket, _Counted, socket.socket]]


@pytest.fixture
def make() -> Iterator[Make]:
    ends: list[socket.socket] = []

    def make_sockets() -> tuple[BoundedSocket, _Counted, socket.socket]:
        near, far = socket.socketpair()
        ends.extend((near, far))
        fair_queue = _Counted(SLICE_S)
        return BoundedSocket(near, Bounds(LONG_S), BodyMemory(), {}, fair_queue), fair_queue, far

    yield make_sockets
    for end in ends:
        end.close()


def work(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def ask_later(client: socket.socket) -> None:
    gevent.sleep(5 * SLICE_S)  # unlike `spawn_later`, not by the time at which the loop began its round
    client.sendall(b"x")


def test_a_connection_that_is_work_waits_for_its_turn_and_is_taken_less_of(make: Make) -> None:
    connection, fair_queue, client = make()
    client.sendall(b"x" * 16_384)
    order = []
    for _ in range(5):
        order.append(len(connection.recv(8192)))
        work(4 * SLICE_S)
    assert fair_queue.waits == 4
    assert order[0] > 2 * order[1] >= 2 * order[2]
    assert order[-1] >= 256


def test_work_adds_up_over_pieces_that_are_waited_for(make: Make) -> None:
    connection, fair_queue, client = make()
    for _ in range(8):
        gevent.spawn(ask_later, client)
        connection.recv(8192)
        work(0.6 * SLICE_S)
    assert 2 <= fair_queue.waits <= 4


def test_one_that_asks_again_and_again_without_a_pause_waits_for_its_turn(make: Make) -> None:
    connection, fair_queue, client = make()
    client.sendall(b"x" * 10)
    for _ in range(5):
        connection.recv(1)
        connection.arrived()
        work(2 * SLICE_S)
        connection.expect()
    assert fair_queue.waits >= 2


def test_a_new_request_after_a_silence_waits_for_nobody(make: Make) -> None:
    connection, fair_queue, client = make()
    client.sendall(b"x")
    for _ in range(5):
        connection.recv(8192)
        connection.arrived()
        work(2 * SLICE_S)
        connection.expect()
        gevent.spawn(ask_later, client)
    assert fair_queue.waits == 0


def test_a_large_body_that_is_no_work_is_taken_in_large_pieces(make: Make) -> None:
    connection, fair_queue, client = make()
    sending = gevent.spawn(client.sendall, b"x" * 60_000)
    connection.budget.begin_body()
    received = pieces = 0
    while received < 60_000:
        received += len(connection.recv(1 << 20))
        pieces += 1
    sending.join(LONG_S)
    assert pieces <= 20
    assert fair_queue.waits == 0
