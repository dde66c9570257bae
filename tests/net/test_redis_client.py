"""The client of Redis, against real servers that are killed, stopped, slow, full, read-only or no Redis at all."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from chat.net.redis_client import RedisClient, RedisUnavailable
from chat.runtime import mode
from config import redis_url
from config.mode import ASYNC
from scripts.kit.network_link import NetworkLink
from scripts.kit.port import HeldPort
from scripts.kit.redis_server import RedisSentinel, RedisServer
from scripts.kit.waiting import wait_until

# The library would wait for five seconds, and try ten times.
SOON_S = 4.0
Fault = Callable[[RedisServer, NetworkLink], None]


@pytest.fixture
def link(redis_server: RedisServer) -> Iterator[NetworkLink]:
    with NetworkLink(redis_server.port) as link:
        yield link


@pytest.fixture
def client(redis_server: RedisServer, link: NetworkLink) -> Iterator[RedisClient]:
    with opened(f"redis://127.0.0.1:{link.port}") as client:
        wait_until(lambda: writes(client, "b"), "it is well")
        yield client
    redis_server.flush()


class opened:  # noqa: N801 - reads as a function
    """Yield a client that has used its connection once."""

    def __init__(self, url: str) -> None:
        self._client = RedisClient(redis_url.parse(url))

    def __enter__(self) -> RedisClient:
        self._client.check()
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()


def renamed(server: RedisServer, link: NetworkLink) -> None:
    """Change the password, and close all connections that used the old one."""
    server.configure(requirepass="another")
    server.run("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def named_as_before(server: RedisServer, link: NetworkLink) -> None:
    server.configure(requirepass="")


def slow(server: RedisServer, link: NetworkLink) -> None:
    link.delay_s = 5.0


def fast(server: RedisServer, link: NetworkLink) -> None:
    link.delay_s = 0.0


FAULTS: dict[str, tuple[Fault, Fault, str]] = {
    "killed": (lambda server, _: server.kill(), lambda server, _: server.start(), "cannot be reached"),
    "stopped": (lambda server, _: server.pause(), lambda server, _: server.resume(), "does not answer"),
    "slow": (slow, fast, "does not answer"),
    "cut off": (lambda _, link: link.cut(), lambda _, link: link.mend(), "cannot be reached"),
    "full": (
        lambda server, _: server.configure(maxmemory="1", maxmemory_policy="noeviction"),
        lambda server, _: server.configure(maxmemory="0"),
        "no memory left",
    ),
    "a replica": (
        lambda server, _: server.run("REPLICAOF", "127.0.0.1", 1),
        lambda server, _: server.run("REPLICAOF", "NO", "ONE"),
        "takes no writes",
    ),
    "another password": (renamed, named_as_before, "password"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed_once_and_ends_by_itself(
    client: RedisClient, redis_server: RedisServer, link: NetworkLink, fault: str
) -> None:
    breaks, heals, problem = FAULTS[fault]
    opened_times: list[int] = []
    client.breaker.on_open.append(lambda: opened_times.append(1))
    breaks(redis_server, link)
    try:
        for _ in range(3):
            began_at = time.monotonic()
            with pytest.raises(RedisUnavailable):
                client.run("SET", "late", "c")  # a slow network may deliver it after all that follows
            assert time.monotonic() - began_at < SOON_S
        assert client.breaker.is_open
        wait_until(lambda: client.check() or problem in client.breaker.problem, "the problem is found")
        assert len(opened_times) == 1
    finally:
        heals(redis_server, link)
    wait_until(lambda: writes(client, "d"), "it closes again")
    assert redis_server.run("GET", "a") == b"d"


def test_an_open_breaker_asks_nothing(redis_server: RedisServer, client: RedisClient) -> None:
    client.breaker.open("A test.")
    redis_server.forget_commands()
    for _ in range(10):
        with pytest.raises(RedisUnavailable):
            client.run("GET", "a")
    assert redis_server.commands() == {}


def test_connections_that_the_server_has_closed_are_replaced(redis_server: RedisServer, client: RedisClient) -> None:
    redis_server.restart()
    assert client.run("SET", "a", "b") == b"OK"


def test_a_key_of_another_type_is_none_and_no_fault(redis_server: RedisServer, client: RedisClient) -> None:
    redis_server.run("LPUSH", "list", "x")
    assert client.run_all([("GET", "list"), ("GET", "a")]) == [None, b"b"]
    assert not client.breaker.is_open


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("/9999", "Redis has no database of the number in REDIS_URL."),
        ("?sentinel=main", "The server that REDIS_URL names is no Sentinel, as ?sentinel= says."),
    ],
)
def test_an_address_that_does_not_fit_its_server(redis_server: RedisServer, query: str, problem: str) -> None:
    with opened(f"redis://127.0.0.1:{redis_server.port}{query}") as client:
        assert client.breaker.problem == problem


@pytest.mark.parametrize("listen", ["socket", "tls"])
def test_other_ways_to_a_server(tmp_path: Path, listen: str) -> None:
    with RedisServer(tmp_path, listen, password="p@ss:word/#%") as server, opened(server.url) as client:
        assert client.breaker.problem == ""
        assert client.run("SET", "a", "b") == b"OK"


def test_a_sentinel_leads_to_the_master_also_after_a_change(tmp_path: Path, redis_server: RedisServer) -> None:
    with (
        RedisServer(tmp_path / "second", options={"replicaof": f"127.0.0.1 {redis_server.port}"}) as second,
        RedisSentinel(tmp_path / "sentinel", redis_server) as sentinel,
        opened(sentinel.master_url) as client,
    ):
        assert client.run("SET", "a", "b") == b"OK"
        wait_until(lambda: sentinel.replicas() == 1, "it sees the replica")
        try:
            wait_until(lambda: tried(sentinel.fail_over), "the other one becomes the master", pause_s=0.3)
            wait_until(
                lambda: writes(client, "c") and tried(lambda: second.run("GET", "a")) == b"c",
                "the client writes to the other one",
            )
        finally:
            redis_server.run("REPLICAOF", "NO", "ONE")


def tried(action: Callable[[], object]) -> object:
    """Return the action's result, or None while it is refused because a node does not know the others yet."""
    try:
        return action() or True
    except RedisError:
        return None


def writes(client: RedisClient, value: str) -> bool:
    client.check()
    try:
        return bool(client.run("SET", "a", value))
    except RedisUnavailable:
        return False


def test_what_is_no_redis(tmp_path: Path) -> None:
    cases = {
        "a cluster": {"cluster-enabled": "yes"},
        "or requires them": {"requirepass": "secret"},
        "does not allow the user": {"user": "default on nopass ~* &* +info +ping"},
    }
    for number, (problem, options) in enumerate(cases.items()):
        with (
            RedisServer(tmp_path / str(number), options=options, ready=False) as server,
            opened(f"redis://127.0.0.1:{server.port}") as client,
        ):
            assert problem in client.breaker.problem
    with RedisServer(tmp_path / "tls", "tls") as server, opened(f"rediss://127.0.0.1:{server.port}") as client:
        assert "not trusted" in client.breaker.problem
    with RedisServer(tmp_path / "plain") as server:
        with opened(f"rediss://127.0.0.1:{server.port}") as client:
            assert "does not answer" in client.breaker.problem
        with opened(f"redis://:wrong@127.0.0.1:{server.port}") as client:
            assert "password" in client.breaker.problem
        with RedisSentinel(tmp_path / "sentinel", server) as sentinel:
            with opened(f"redis://127.0.0.1:{sentinel.port}") as client:
                assert "Sentinel" in client.breaker.problem
            with opened(f"redis://127.0.0.1:{sentinel.port}?sentinel=other") as client:
                assert "No Sentinel" in client.breaker.problem
    with HeldPort() as closed, opened(f"redis://127.0.0.1:{closed.number}?sentinel=main") as client:
        assert "No Sentinel" in client.breaker.problem
    for url in ("redis://no-such-host.invalid", "redis://two..dots", f"unix:///{'x' * 200}"):
        with opened(url) as client:
            assert re.search(r"cannot be reached \((?!the connection)", client.breaker.problem)


@pytest.mark.parametrize("by_sentinel", [False, True])
def test_nobody_gets_the_reply_to_another_command(tmp_path: Path, by_sentinel: bool) -> None:
    """Each caller has a canary. Replies are late, callers time out, and greenlets are killed during commands."""
    with (
        RedisServer(tmp_path / "redis") as server,
        NetworkLink(server.port) as link,
        RedisSentinel(tmp_path / "sentinel", server, port=link.port) as sentinel,
        opened(sentinel.master_url if by_sentinel else f"redis://127.0.0.1:{link.port}") as client,
    ):
        for number in range(20):
            server.run("SET", f"canary {number}", f"{number} " * 3000)
        seen: list[tuple[int, bytes]] = []
        stop = threading.Event()

        def look(number: int) -> None:
            while not stop.is_set():
                try:
                    seen.append((number, client.run("GET", f"canary {number}")))
                except RedisUnavailable:
                    client.check()

        callers = Callers(look)
        chance = random.Random(5)
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            link.delay_s = chance.choice((0.0, 0.0, 0.01, 0.05, 0.3))
            time.sleep(0.05)
            callers.replace_some(chance)
        link.delay_s = 0.0
        stop.set()
        callers.join()
        assert len({number for number, _ in seen}) >= 10
        assert all(value == f"{number} ".encode() * 3000 for number, value in seen)


class Callers:
    """Twenty threads. Under gevent they are greenlets, which can be killed at any moment."""

    def __init__(self, work: Callable[[int], None]) -> None:
        self._work = work
        self._running = {number: self._start(number) for number in range(20)}

    def _start(self, number: int) -> object:
        if mode.current() is ASYNC:
            import gevent

            return gevent.spawn(self._work, number)
        thread = threading.Thread(target=self._work, args=(number,))
        thread.start()
        return thread

    def replace_some(self, chance: random.Random) -> None:
        if mode.current() is ASYNC:
            for number in chance.sample(range(20), 5):
                self._running[number].kill()  # type: ignore[attr-defined]
                self._running[number] = self._start(number)

    def join(self) -> None:
        for each in self._running.values():
            each.join()  # type: ignore[attr-defined]
