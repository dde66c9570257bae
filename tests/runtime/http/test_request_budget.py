"""Limits on a request's time and bytes, and reading its whole body, through gunicorn's own parser."""

from __future__ import annotations

import itertools
import random
import time
from dataclasses import dataclass
from typing import ClassVar

import pytest
from gunicorn.http.errors import NoMoreData

from chat.runtime import refusals
from chat.runtime.http.bounds import Bounds, Refusal
from chat.runtime.http.request_budget import BodyMemory, RequestBudget

from .source import Client

HEAD = b"POST /api/conversations HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Small(Bounds):
    """Bounds that a test can reach with few bytes."""

    idle_s: ClassVar[float] = 1.0
    head_bytes: ClassVar[int] = 400
    body_bytes: ClassVar[int] = 100
    framing_bytes: ClassVar[int] = 200
    bodies_bytes: ClassVar[int] = 1000
    small_body_bytes: ClassVar[int] = 20


@dataclass(frozen=True, slots=True)
class Tight(Small):
    bodies_bytes: ClassVar[int] = 150


BOUNDS = Small(30.0)


def length(size: int) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % size


def chunks(*bodies: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(body), body) for body in bodies) + b"0\r\n\r\n"


def status(refusal: Refusal) -> int:
    return int(refusal.response.split(b" ", 2)[1])


class TestTime:
    def test_the_deadline_is_that_of_the_head_then_that_of_the_body(self) -> None:
        budget, now = RequestBudget(BOUNDS, BodyMemory()), time.monotonic()
        assert budget.remaining_s(now) == pytest.approx(30, abs=1)
        budget.count(b"P")
        assert budget.remaining_s(now + 29) == pytest.approx(1, abs=1)
        with pytest.raises(Refusal) as refused:
            budget.remaining_s(now + 31)
        assert status(refused.value) == 408
        budget.deadline = now - 1
        budget.begin_body()
        assert budget.remaining_s(time.monotonic()) == pytest.approx(30, abs=1)

    def test_bytes_do_not_put_the_deadline_off(self) -> None:
        """A client that sends a byte now and then is disconnected at the same time."""
        budget = RequestBudget(BOUNDS, BodyMemory())
        until = budget.deadline
        for _ in range(50):
            budget.count(b" ")
        assert budget.deadline == until

    @pytest.mark.parametrize("another", [False, True])
    def test_one_that_never_began_is_no_fault(self, another: bool) -> None:
        budget = RequestBudget(BOUNDS, BodyMemory())
        if another:
            budget.count(b"GET")
            budget.expect_next_request()
        with pytest.raises(NoMoreData):
            budget.remaining_s(budget.deadline)

    def test_a_kept_connection_has_a_short_while_and_the_whole_time_from_its_first_byte(self) -> None:
        budget = RequestBudget(BOUNDS, BodyMemory())
        budget.expect_next_request()
        now = time.monotonic()
        assert budget.remaining_s(now) == pytest.approx(1, abs=0.5)
        budget.count(b"")  # nothing has come with that
        assert budget.remaining_s(now) == pytest.approx(1, abs=0.5)
        budget.count(b"G")
        assert budget.remaining_s(now) == pytest.approx(30, abs=1)
        until = budget.deadline
        budget.count(b"E")
        assert budget.deadline == until


class TestBytes:
    def test_a_head_may_be_as_large_as_the_bound(self) -> None:
        budget = RequestBudget(BOUNDS, BodyMemory())
        budget.count(b"x" * 399)
        budget.count(b"x")
        with pytest.raises(Refusal) as refused:
            budget.count(b"x")
        assert status(refused.value) == 431

    def test_a_body_is_counted_for_itself(self) -> None:
        budget = RequestBudget(Small(30.0), BodyMemory())
        budget.count(b"x" * 400)
        budget.begin_body()
        for _ in range(3):
            budget.count(b"x" * 10)
        with pytest.raises(Refusal) as refused:
            budget.count(b"x" * 271)
        assert status(refused.value) == 413

    def test_the_next_request_begins_anew(self) -> None:
        budget = RequestBudget(BOUNDS, BodyMemory())
        for _ in range(5):
            budget.count(b"x" * 300)
            budget.begin_body()
            budget.count(b"x" * 100)
            budget.end()
            budget.expect_next_request()


class TestRoom:
    """The limit on all incomplete bodies of a worker together."""

    def begun(self, memory: BodyMemory, size: int) -> RequestBudget:
        budget = RequestBudget(Tight(30.0), memory)
        budget.begin_body()
        budget.count(b"x" * size)
        return budget

    def test_a_large_body_is_refused_where_there_is_no_room_and_a_small_one_is_not(self) -> None:
        memory = BodyMemory()
        self.begun(memory, 90)
        with pytest.raises(Refusal) as refused:
            self.begun(memory, 70)
        assert status(refused.value) == 503
        assert b"Retry-After: 5\r\n" in refused.value.response
        self.begun(memory, 20)

    def test_each_gives_back_what_it_held_once(self) -> None:
        memory = BodyMemory()
        budgets = [self.begun(memory, 70), self.begun(memory, 80)]
        assert memory.size == 150
        for budget in budgets * 2:
            budget.end()
        assert memory.size == 0
        self.begun(memory, 100)

    def test_one_that_was_refused_gives_it_back_too(self) -> None:
        memory = BodyMemory()
        size = self.begun(memory, 90)
        late = RequestBudget(Tight(30.0), memory)
        late.begin_body()
        with pytest.raises(Refusal):
            late.count(b"x" * 90)
        late.end()
        size.end()
        assert memory.size == 0

    def test_heads_hold_nothing(self) -> None:
        memory = BodyMemory()
        for _ in range(10):
            RequestBudget(Tight(30.0), memory).count(b"x" * 300)
        assert memory.size == 0


BODIES = [
    ("nothing", HEAD + b"\r\n", b""),
    ("a length of nothing", length(0), b""),
    ("a length", length(5) + b"Hello", b"Hello"),
    ("as much as there may be", length(100) + b"x" * 100, b"x" * 100),
    ("chunks", CHUNKED + chunks(b"Hel", b"lo"), b"Hello"),
    ("no chunks", CHUNKED + chunks(), b""),
    ("an extension", CHUNKED + b"5;a=b\r\nHello\r\n0\r\n\r\n", b"Hello"),
    ("as many chunks as there may be", CHUNKED + chunks(*[b"x" * 10] * 10), b"x" * 100),
]


@pytest.mark.parametrize(("sent", "body"), [case[1:] for case in BODIES], ids=[case[0] for case in BODIES])
def test_a_body_is_there_whole_however_it_comes(sent: bytes, body: bytes) -> None:
    for seed in range(20):
        dice = random.Random(seed)
        cuts = sorted({0, len(sent), *(dice.randrange(len(sent)) for _ in range(seed))})
        client = Client([sent[begin:end] for begin, end in itertools.pairwise(cuts)], BOUNDS)
        request = client.request()
        assert request.body.read() == body
        assert (request.body.read(), client.received) == (b"", b"")


FAULTS = [
    ("shorter than its stated length", length(10) + b"Hello", 400),
    ("nothing of what it said", length(10), 400),
    ("chunks without an end", CHUNKED + b"5\r\nHel", 400),
    ("no last chunk", CHUNKED + b"5\r\nHello\r\n", 400),
    ("no chunk's size", CHUNKED + b"zz\r\nHello\r\n", 400),
    ("a chunk longer than it said", CHUNKED + b"2\r\nHello\r\n0\r\n\r\n", 400),
    ("a forbidden trailer", CHUNKED + b"0\r\nHost: x\r\n\r\n", 400),
    ("announced too large", length(101), 413),
    ("one byte too large in chunks", CHUNKED + chunks(*[b"x" * 10] * 10, b"x"), 413),
    ("much around little", CHUNKED + b"".join(b"1;a=%b\r\nx\r\n" % (b"b" * 40) for _ in range(9)), 413),
]


@pytest.mark.parametrize(("sent", "expected"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_body_that_is_none_is_refused(sent: bytes, expected: int, size: int) -> None:
    # Each byte of the head has come with one read, so only the body's own are counted as the body's.
    head, separator, body = sent.partition(b"\r\n\r\n")
    pieces = [head + separator, *(body[begin : begin + size] for begin in range(0, len(body), size))]
    with pytest.raises(Refusal) as refused:
        Client(pieces, BOUNDS).request()
    assert status(refused.value) == expected


def test_trailers_that_do_not_end_are_refused_long_before_all_bounds_are_reached() -> None:
    pieces = [CHUNKED + b"0\r\n", *[b"A: b\r\n" * 40] * 10_000]
    client = Client(pieces, Bounds(30.0))
    with pytest.raises(Refusal) as refused:
        client.request()
    assert status(refused.value) == 400
    assert client.reads < refusals.TRAILER_BYTES / 240 + 5


def test_one_that_is_announced_too_large_is_not_read_at_all() -> None:
    client = Client([length(10**11), b"x" * 50, b"x" * 50], BOUNDS)
    with pytest.raises(Refusal):
        client.request()
    assert client.reads == 1


def test_who_asks_whether_to_go_on_is_told_so_once_before_the_body_is_read() -> None:
    client = Client([HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", b"Hello"], BOUNDS)
    assert client.request().body.read() == b"Hello"
    assert client.received == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_who_asks_whether_to_send_too_much_is_not_told_to() -> None:
    client = Client([HEAD + b"Expect: 100-continue\r\nContent-Length: 5000\r\n\r\n"], BOUNDS)
    with pytest.raises(Refusal) as refused:
        client.request()
    assert (status(refused.value), client.received) == (413, b"")


@pytest.mark.parametrize("error", [TimeoutError("timed out"), ConnectionResetError(104, "reset")])
def test_a_connection_that_breaks_is_not_a_malformed_body(error: OSError) -> None:
    class Breaking(Client):
        def recv(self, size: int) -> bytes:
            if self.reads:
                raise error
            return super().recv(size)

    with pytest.raises(type(error)):
        Breaking([CHUNKED], BOUNDS).request()
