"""Contract suite of roads to another worker. Add a new one to `ROADS`."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chat.cluster.contract import Handler, Road, Unreachable
from chat.cluster.here import Here
from chat.cluster.peers import Peers
from chat.cluster.redis_link import RedisLink
from scripts.kit.waiting import wait_until

LONG_S = 30.0
Open = Callable[[Handler], tuple[str, Road]]


@pytest.fixture(params=["here", "socket", "redis"])
def open_road(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens a road to a handler: `worker, road = open_road(handler)`."""
    opened: list[Peers | RedisLink] = []
    url = request.getfixturevalue("redis_server").url if request.param == "redis" else ""

    def open_to(handler: Handler) -> tuple[str, Road]:
        if request.param == "here":
            return "here:1", Here("here:1", handler)
        if request.param == "redis":
            requester, responder = (
                RedisLink(url, name, lambda: "digest", lambda: "database", wait_factor=20.0)
                for name in ("one:1", "two:2")
            )
            opened.extend((requester, responder))
            for each in (requester, responder):
                each.start(handler)
            wait_until(lambda: requester.road.usable and responder.road.usable)
            return "two:2", requester.road
        peers = Peers(tmp_path / "run")
        opened.append(peers)
        peers.listen(handler)
        return peers.name, peers

    yield open_to
    for each in opened:
        each.close()


def test_the_handler_gets_the_request_and_its_answer_comes_back(open_road: Open) -> None:
    worker, road = open_road(lambda request: [request["say"].encode(), b" and more"])
    assert b"".join(road.ask(worker, {"say": "wörd", "n": 1}, LONG_S)) == "wörd and more".encode()


def test_the_answer_comes_as_it_is_made(open_road: Open) -> None:
    go_on = threading.Event()

    def handler(_request: dict[str, object]) -> Iterator[bytes]:
        yield b"first"
        assert go_on.wait(LONG_S)
        yield b"second"

    worker, road = open_road(handler)
    answer = road.ask(worker, {}, LONG_S)
    assert next(answer) == b"first"
    go_on.set()
    assert b"".join(answer) == b"second"


def test_an_answer_may_be_empty(open_road: Open) -> None:
    worker, road = open_road(lambda _request: [])
    assert list(road.ask(worker, {}, LONG_S)) == []


def test_a_large_answer_is_whole(open_road: Open) -> None:
    worker, road = open_road(lambda _request: [b"x" * 100_000] * 10)
    assert sum(map(len, road.ask(worker, {}, LONG_S))) == 1_000_000


@pytest.mark.parametrize("worker", ["elsewhere:1", "nobody", "", "here:x"])
def test_another_worker_is_unreachable(open_road: Open, worker: str) -> None:
    _, road = open_road(lambda _request: [b"wrong"])
    with pytest.raises(Unreachable):
        list(road.ask(worker, {}, LONG_S))


def test_a_handler_that_has_nothing_to_say_answers_nothing(open_road: Open) -> None:
    def handler(request: dict[str, object]) -> list[bytes]:
        raise Unreachable(request)

    worker, road = open_road(handler)
    with contextlib.suppress(Unreachable):
        assert list(road.ask(worker, {}, LONG_S)) == []


def test_an_answer_that_is_closed_ends_at_the_handler(open_road: Open) -> None:
    ended = threading.Event()

    def handler(_request: dict[str, object]) -> Iterator[bytes]:
        try:
            while True:
                yield b"more" * 10_000
        finally:
            ended.set()

    worker, road = open_road(handler)
    answer = road.ask(worker, {}, LONG_S)
    next(answer)
    answer.close()  # type: ignore[attr-defined]
    assert ended.wait(LONG_S)


def test_several_ask_at_the_same_time(open_road: Open) -> None:
    worker, road = open_road(lambda request: (str(request["n"]).encode() for _ in range(3)))
    answers = [road.ask(worker, {"n": number}, LONG_S) for number in range(5)]
    assert [b"".join(answer) for answer in answers] == [str(number).encode() * 3 for number in range(5)]
