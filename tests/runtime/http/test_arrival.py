"""A request's time and bytes, and its body read whole, through gunicorn's own parser."""

from __future__ import annotations

import itertools
import random
import time
from dataclasses import dataclass
from typing import ClassVar

import pytest
from gunicorn.http.errors import NoMoreData

from chat.runtime import refusals
from chat.runtime.http.arrival import Arrival, Room
from chat.runtime.http.bounds import Bounds, Refusal

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
    return int(refusal.answer.split(b" ", 2)[1])


class TestTime:
    def test_the_deadline_is_that_of_the_head_then_that_of_the_body(self) -> None:
        arrival, now = Arrival(BOUNDS, Room()), time.monotonic()
        assert arrival.left_s(now) == pytest.approx(30, abs=1)
        arrival.take(b"P")
        assert arrival.left_s(now + 29) == pytest.approx(1, abs=1)
        with pytest.raises(Refusal) as refused:
            arrival.left_s(now + 31)
        assert status(refused.value) == 408
        arrival.deadline = now - 1
        arrival.begin_body()
        assert arrival.left_s(time.monotonic()) == pytest.approx(30, abs=1)

    def test_bytes_do_not_put_the_deadline_off(self) -> None:
        """A byte now and then is no way to stay."""
        arrival = Arrival(BOUNDS, Room())
        until = arrival.deadline
        for _ in range(50):
            arrival.take(b" ")
        assert arrival.deadline == until

    @pytest.mark.parametrize("another", [False, True])
    def test_one_that_never_began_is_no_fault(self, another: bool) -> None:
        arrival = Arrival(BOUNDS, Room())
        if another:
            arrival.take(b"GET")
            arrival.expect_another()
        with pytest.raises(NoMoreData):
            arrival.left_s(arrival.deadline)

    def test_a_kept_connection_has_a_short_while_and_the_whole_time_from_its_first_byte(self) -> None:
        arrival = Arrival(BOUNDS, Room())
        arrival.expect_another()
        now = time.monotonic()
        assert arrival.left_s(now) == pytest.approx(1, abs=0.5)
        arrival.take(b"")  # nothing has come with that
        assert arrival.left_s(now) == pytest.approx(1, abs=0.5)
        arrival.take(b"G")
        assert arrival.left_s(now) == pytest.approx(30, abs=1)
        until = arrival.deadline
        arrival.take(b"E")
        assert arrival.deadline == until


class TestBytes:
    def test_a_head_may_be_as_large_as_the_bound(self) -> None:
        arrival = Arrival(BOUNDS, Room())
        arrival.take(b"x" * 399)
        arrival.take(b"x")
        with pytest.raises(Refusal) as refused:
            arrival.take(b"x")
        assert status(refused.value) == 431

    def test_a_body_is_counted_for_itself(self) -> None:
        arrival = Arrival(Small(30.0), Room())
        arrival.take(b"x" * 400)
        arrival.begin_body()
        for _ in range(3):
            arrival.take(b"x" * 10)
        with pytest.raises(Refusal) as refused:
            arrival.take(b"x" * 271)
        assert status(refused.value) == 413

    def test_the_next_request_begins_anew(self) -> None:
        arrival = Arrival(BOUNDS, Room())
        for _ in range(5):
            arrival.take(b"x" * 300)
            arrival.begin_body()
            arrival.take(b"x" * 100)
            arrival.end()
            arrival.expect_another()


class TestRoom:
    """All the bodies of a worker that are not whole yet, together."""

    def begun(self, room: Room, size: int) -> Arrival:
        arrival = Arrival(Tight(30.0), room)
        arrival.begin_body()
        arrival.take(b"x" * size)
        return arrival

    def test_a_large_body_is_refused_where_there_is_no_room_and_a_small_one_is_not(self) -> None:
        room = Room()
        self.begun(room, 90)
        with pytest.raises(Refusal) as refused:
            self.begun(room, 70)
        assert status(refused.value) == 503
        assert b"Retry-After: 5\r\n" in refused.value.answer
        self.begun(room, 20)

    def test_each_gives_back_what_it_held_once(self) -> None:
        room = Room()
        arrivals = [self.begun(room, 70), self.begun(room, 80)]
        assert room.held == 150
        for arrival in arrivals * 2:
            arrival.end()
        assert room.held == 0
        self.begun(room, 100)

    def test_one_that_was_refused_gives_it_back_too(self) -> None:
        room = Room()
        held = self.begun(room, 90)
        late = Arrival(Tight(30.0), room)
        late.begin_body()
        with pytest.raises(Refusal):
            late.take(b"x" * 90)
        late.end()
        held.end()
        assert room.held == 0

    def test_heads_hold_nothing(self) -> None:
        room = Room()
        for _ in range(10):
            Arrival(Tight(30.0), room).take(b"x" * 300)
        assert room.held == 0


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
        asked = client.request()
        assert asked.body.read() == body
        assert (asked.body.read(), client.received) == (b"", b"")


FAULTS = [
    ("shorter than it said", length(10) + b"Hello", 400),
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
    assert client.asked_for < refusals.TRAILER_BYTES / 240 + 5


def test_one_that_is_announced_too_large_is_not_read_at_all() -> None:
    client = Client([length(10**11), b"x" * 50, b"x" * 50], BOUNDS)
    with pytest.raises(Refusal):
        client.request()
    assert client.asked_for == 1


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
            if self.asked_for:
                raise error
            return super().recv(size)

    with pytest.raises(type(error)):
        Breaking([CHUNKED], BOUNDS).request()
