"""Turns of two servers that share a Redis which fails in the middle: nobody notices, and the database takes over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from chat.messages import TextDelta
from chat.store.records import COMPLETED, STOPPED
from scripts.kit.network_link import NetworkLink
from scripts.kit.redis_server import RedisServer
from scripts.kit.waiting import wait_until

from ..net.test_redis_client import FAULTS
from .worker import LONG_S, Worker, parsed, received, text_of

FLUSHED = (lambda server, _link: server.flush(), lambda _server, _link: None, "")
ALL_FAULTS = FAULTS | {"flushed": FLUSHED}


@dataclass
class Pair:
    """Two workers of different servers, and the Redis between them."""

    home: Worker
    elsewhere: Worker
    server: RedisServer
    link: NetworkLink

    def usable(self) -> bool:
        return all(each.redis is not None and each.redis.road.usable for each in (self.home, self.elsewhere))

    def broken(self, fault: str) -> None:
        ALL_FAULTS[fault][0](self.server, self.link)

    def healed(self, fault: str) -> None:
        ALL_FAULTS[fault][1](self.server, self.link)
        wait_until(self.usable, "both use Redis again")


@pytest.fixture
def wait_factor() -> float:
    """Return the factor of all waits for Redis. A test of a Redis that is always there may have another."""
    return 1.0


@pytest.fixture
def pair(make_worker: Callable[..., Worker], redis_server: RedisServer, wait_factor: float) -> Iterator[Pair]:
    with NetworkLink(redis_server.port) as link:
        parts = {
            "redis_url": f"redis://127.0.0.1:{link.port}",
            "redis_wait_factor": wait_factor,
            "job_intervals": {"checkpoint": 0.1, "redis": 0.2, "recovery": 1_000.0},
        }
        pair = Pair(make_worker(name="one:1", **parts), make_worker(name="two:2", **parts), redis_server, link)
        wait_until(pair.usable)
        yield pair
        for each in (pair.home, pair.elsewhere):
            each.stop()
    redis_server.flush()


@pytest.mark.parametrize("fault", ALL_FAULTS)
def test_in_mid_turn_and_mid_follow(pair: Pair, model, store, conversation, fault: str) -> None:
    said: list[str] = []
    go_on = threading.Semaphore(0)

    def answer(_messages, _cancellation):
        for number in range(30):
            assert go_on.acquire(timeout=LONG_S)
            said.append(f"{number} ")
            yield TextDelta(said[-1])

    pair.home.answered(conversation, "The first question")
    model.will_run(answer)
    pair.server.forget_commands()
    started = pair.home.ask(conversation, "The second one")
    with ThreadPoolExecutor(3) as threads:
        following = threads.submit(lambda: received(pair.elsewhere.follower.frames(started.turn, 0)))
        running = pair.home.running_turns.get(started.turn.id)
        wait_until(lambda: running.followers == 1, "it is followed by way of Redis")
        go_on.release(10)
        wait_until(lambda: len(said) == 10)
        pair.broken(fault)
        try:
            resumed = threads.submit(lambda: received(pair.elsewhere.follower.frames(started.turn, 5)))
            for _ in range(20):
                go_on.release()
                time.sleep(0.01)
            events, rest = following.result(LONG_S), resumed.result(LONG_S)
            pair.home.vacant()
            assert events[-1].data["status"] == COMPLETED
            assert text_of(events) == "".join(said) == store.turns.answer(started.turn).text
            assert [(event.number, event.data) for event in rest] == [
                (event.number, event.data) for event in events if event.number > 5
            ]
            pair.elsewhere.answered(conversation, "The third one")
        finally:
            pair.healed(fault)
    pair.home.answered(conversation, "The fourth one")
    expected = ["The first question", "The second one", "The third one", "The fourth one"]
    assert [message.text for message in model.seen[-1] if message.role == "user"] == expected
    assert "".join(said) in [message.text for message in model.seen[-1]]


@pytest.mark.parametrize("fault", ["killed", "stopped", "full"])
def test_a_stop_while_redis_is_away(pair: Pair, dictation, store, conversation, fault: str) -> None:
    started = pair.home.ask(conversation)
    dictation.say(TextDelta("Half"))
    pair.broken(fault)
    try:
        assert pair.elsewhere.stopper.stop(started.turn).status == STOPPED
    finally:
        pair.healed(fault)


def test_redis_wakes_the_home_for_a_stop(make_worker, redis_server: RedisServer, dictation, conversation) -> None:
    parts = {"redis_url": redis_server.url, "roads": lambda _peers: []}
    never = {"checkpoint": 1_000.0, "recovery": 1_000.0}
    home, elsewhere = (make_worker(name=name, job_intervals=never, **parts) for name in ("one:1", "two:2"))
    wait_until(lambda: home.redis.road.usable and elsewhere.redis.road.usable)
    started = home.ask(conversation)
    dictation.say(TextDelta("Half"))
    assert elsewhere.stopper.stop(started.turn).status == STOPPED


def test_no_ask_to_a_dead_worker_waits(pair: Pair, dictation, conversation) -> None:
    started = pair.home.ask(conversation)
    dictation.say(TextDelta("Half"))
    frames = pair.elsewhere.follower.frames(started.turn, 0)
    stream = next(frames)
    pair.home.redis.close()  # as after kill -9: it listens no more
    dictation.say(TextDelta(" and half"))
    dictation.end()
    assert text_of(parsed(stream + b"".join(frames))) == "Half and half"


def test_a_value_that_is_damaged_or_of_others_is_missing(pair: Pair, model, conversation) -> None:
    pair.home.answered(conversation, "One")
    (key,) = pair.server.run("KEYS", "*:context:*")
    good = pair.server.run("GET", key)
    for value in (
        b"",
        b"\xc1",
        good[:-1],
        good.replace(b"One", b"\xff\xfe\xfd"),
        b"[" * 1000,
        good[:1] + b"\x02" + good[2:],
    ):
        pair.server.run("SET", key, value)
        answer = pair.elsewhere.answered(conversation, "More")
        assert answer.status == COMPLETED
        assert model.seen[-1][1].text == "One"
        pair.server.run("SET", key, good)
    pair.server.run("DEL", key)
    pair.server.run("LPUSH", key, "x")
    assert pair.elsewhere.answered(conversation, "More").status == COMPLETED


@pytest.mark.parametrize("wait_factor", [20.0])
@pytest.mark.parametrize("tokens", [10, 1_000])
def test_a_turn_that_nobody_follows_from_elsewhere_costs_a_get_and_a_set(
    pair: Pair, model, conversation, tokens: int
) -> None:
    turns = 10
    pair.home.answered(conversation)
    pair.server.forget_commands()
    for _ in range(turns):
        model.will(*[TextDelta("word ")] * tokens)
        pair.home.answered(conversation)
    commands = pair.server.commands()
    assert commands["get"] == turns
    # Beside the memory of turns, the workers write their reports every two seconds and look at their subscriptions.
    assert commands["set"] <= turns + 2 + 2
    assert sum(commands.values()) <= 4 * turns
