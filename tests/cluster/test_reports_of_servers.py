"""Reports of the workers of other servers, by way of Redis and of the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest

from chat.cluster.redis_link import RedisLink
from chat.store import Store
from chat.turns.stored_reports import StoredReports
from scripts.kit.redis_server import RedisServer
from scripts.kit.waiting import wait_until
from tests.fake_clock import FakeClock


class Exchange(Protocol):
    def publish(self, report: dict[str, Any]) -> None: ...
    def reports(self) -> list[dict[str, Any]]: ...
    def close(self) -> None: ...


Join = Callable[..., Exchange]


@pytest.fixture
def in_redis(redis_server: RedisServer) -> Iterator[Callable[..., RedisLink]]:
    """Return a function that starts a worker's link to Redis."""
    links: list[RedisLink] = []

    def join(name: str, key: str = "key", database: str = "database") -> RedisLink:
        link = RedisLink(redis_server.url, name, lambda: key, lambda: database)
        links.append(link)
        link.start(lambda _request: [])
        wait_until(lambda: link.road.usable)
        return link

    yield join
    for link in links:
        link.close()
    redis_server.flush()


@pytest.fixture(params=["redis", "database"])
def join(request: pytest.FixtureRequest, store: Store) -> Join:
    """Return a function that makes a worker's exchange."""
    if request.param == "redis":
        start = request.getfixturevalue("in_redis")
        return lambda name: start(name).reports
    return lambda name: StoredReports(store.worker_reports, name, lambda: "key", lambda: True, FakeClock())


def named(reports: list[dict[str, Any]]) -> list[str]:
    return sorted(report["name"] for report in reports)


def test_everybody_sees_the_reports_of_all(join: Join) -> None:
    one, two = join("a:1"), join("b:2")
    one.publish({"name": "one", "words": "wörter"})
    two.publish({"name": "two"})
    for each in (one, two):
        assert named(each.reports()) == ["one", "two"]
    assert {"name": "one", "words": "wörter", "stale": False} in two.reports()


def test_one_that_ends_is_gone(join: Join) -> None:
    one, two = join("a:1"), join("b:2")
    one.publish({"name": "one"})
    two.publish({"name": "two"})
    one.close()
    assert named(two.reports()) == ["two"]


def test_a_report_of_another_installation_is_not_seen(
    redis_server: RedisServer, in_redis: Callable[..., RedisLink]
) -> None:
    link = in_redis("a:1")
    other = RedisLink(redis_server.url, "b:2", lambda: "key", lambda: "another database")
    other.start(lambda _request: [])
    wait_until(lambda: other.road.usable)
    other.reports.publish({"name": "other"})
    assert link.reports.reports() == []
    other.close()


def test_what_is_no_report_is_left_out(redis_server: RedisServer, in_redis: Callable[..., RedisLink]) -> None:
    link = in_redis("a:1")
    for text in (b"\xff", b"[]", b"{", b"1", b"[" * 100_000):
        redis_server.run("SET", f"{link.prefix()}report:a:1", text)
        assert link.reports.reports() == []


def test_every_key_expires(redis_server: RedisServer, in_redis: Callable[..., RedisLink]) -> None:
    in_redis("a:1").reports.publish({"name": "one"})
    keys = redis_server.run("KEYS", "*")
    assert keys
    assert all(redis_server.run("PTTL", key) > 0 for key in keys)


def test_without_redis_there_are_none_and_no_error(
    redis_server: RedisServer, in_redis: Callable[..., RedisLink]
) -> None:
    link = in_redis("a:1")
    redis_server.kill()
    try:
        link.reports.publish({"name": "one"})
        assert link.reports.reports() == []
    finally:
        redis_server.start()


def test_another_secret_key_is_noticed_while_its_worker_lives(in_redis: Callable[..., RedisLink]) -> None:
    link, other = in_redis("a:1"), in_redis("b:2", key="another")
    for expected in (True, False):
        wait_until(lambda expected=expected: link.check() or link.other_key == expected, pause_s=0.001)  # type: ignore[misc]
        other.close()


def test_another_database_is_noticed_while_its_worker_lives(in_redis: Callable[..., RedisLink]) -> None:
    """For example two servers with separate SQLite databases. Another installation has another key."""
    link, other, elsewhere = in_redis("a:1"), in_redis("b:2", database="b"), in_redis("c:3", key="c", database="c")
    for expected in (True, False):
        wait_until(lambda expected=expected: link.check() or link.other_database == expected, pause_s=0.001)  # type: ignore[misc]
        other.close()
    for _ in range(20):
        elsewhere.check()
    assert not elsewhere.other_database


class Stored:
    """Two workers whose reports are in one database, and their clock."""

    def __init__(self, store: Store, *keys: str) -> None:
        self.clock = FakeClock()
        self.needed = True
        self.one, self.two = (
            StoredReports(store.worker_reports, name, lambda key=key: key, lambda: self.needed, self.clock)  # type: ignore[misc]
            for name, key in zip(("a:1", "b:2"), keys, strict=True)
        )

    def publish(self, *exchanges: StoredReports, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            for each in exchanges:
                each.publish({"name": "one" if each is self.one else "two"})


def test_a_worker_that_falls_silent_is_stale_and_then_removed(store: Store) -> None:
    both = Stored(store, "key", "key")
    both.publish(both.one, both.two, seconds=20)
    assert [report["stale"] for report in both.two.reports()] == [False, False]
    both.publish(both.two, seconds=15)
    assert {report["name"]: report["stale"] for report in both.two.reports()} == {"one": True, "two": False}
    both.publish(both.two, seconds=60)
    assert named(both.two.reports()) == ["two"]
    both.publish(both.one, seconds=4)
    assert named(both.two.reports()) == ["one", "two"]


def test_another_secret_key_in_the_database_is_noticed_while_its_worker_lives(store: Store) -> None:
    both = Stored(store, "key", "another")
    both.publish(both.one, both.two, seconds=8)
    assert (both.one.other_key, both.two.other_key) == (True, True)
    both.publish(both.one, seconds=30)
    assert not both.one.other_key


def test_nothing_is_written_where_redis_is_faster(store: Store) -> None:
    both = Stored(store, "key", "key")
    both.needed = False
    both.publish(both.one, seconds=10)
    assert store.worker_reports.states() == {}
    assert both.one.reports() == []
