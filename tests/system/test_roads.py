"""Following and stopping a turn where no socket leads to its worker: through Redis or the database, on real servers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from scripts.fake_llm import FakeLLM, generated_text
from scripts.kit.redis_server import RedisServer
from scripts.kit.sse import Event
from scripts.kit.waiting import wait_until
from tests.servers.parley import ParleyServer, User, text_of, wanting

_TOKENS = 100  # two seconds


def start(folder: Path, flag: str, fake_llm: FakeLLM, **settings: object) -> ParleyServer:
    folder.mkdir(exist_ok=True)
    return ParleyServer(
        folder,
        USE_ASYNC_AGENT=flag,
        OPENAI_BASE_URL=fake_llm.base_url,
        CHAT_MODEL="fake?tokens=20&gap=0.01",
        **settings,
    )


MODES = ["true-redis", "true-database", "false-database"]  # gthread with Redis: tests/turns/test_without_redis.py


@pytest.fixture(scope="module", params=MODES)
def mode_and_road(request: pytest.FixtureRequest) -> tuple[str, str]:
    flag, road = str(request.param).split("-")
    return flag, road


@pytest.fixture(scope="module")
def flag(mode_and_road: tuple[str, str]) -> str:
    return mode_and_road[0]


@pytest.fixture(scope="module")
def road(mode_and_road: tuple[str, str]) -> str:
    return mode_and_road[1]


@pytest.fixture(scope="module")
def servers(
    flag: str, road: str, redis_server: RedisServer, fake_llm: FakeLLM, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ParleyServer, ParleyServer]]:
    """Return two servers of one worker each that share nothing but the road's means and the key, like containers."""
    folder = tmp_path_factory.mktemp("two")
    shared = {"DATABASE_URL": f"sqlite:///{folder}/chat.db", "SECRET_KEY": "k" * 40, "WEB_CONCURRENCY": 1}
    if road == "redis":
        shared["REDIS_URL"] = redis_server.url
    with start(folder / "one", flag, fake_llm, **shared) as one, start(folder / "two", flag, fake_llm, **shared) as two:
        yield one, two


def window(server: ParleyServer, user: User) -> User:
    """Return a user with the same cookies at another server."""
    other = User(server.url)
    other.session.cookies = user.session.cookies
    return other


def plain(events: list[Event]) -> list[tuple[int, str, object]]:
    return [(event.number, event.name, event.data) for event in events]


def test_a_turn_is_followed_and_resumed_at_another_server(
    servers: tuple[ParleyServer, ParleyServer], road: str, redis_server: RedisServer
) -> None:
    home, elsewhere = servers
    redis_server.forget_commands()
    user = User(home.url)
    other = window(elsewhere, user)
    conversation = user.conversation()
    with user.asking(conversation, "Tell me a story " + wanting(tokens=_TOKENS, gap=0.02)) as events:
        turn = next(events).data["turn_id"]
        with ThreadPoolExecutor(2) as others:
            following = [others.submit(other.follow, turn, after) for after in (0, 5)]
            at_home = list(events)
            followed, resumed = (each.result() for each in following)
    assert plain(followed)[1:] == plain(at_home)
    assert plain(resumed) == plain(followed)[5:]
    assert text_of(followed) == generated_text(_TOKENS)
    # It came while the turn ran, not only at its end.
    first = next(event.at for event in followed if event.name == "delta")
    assert first < at_home[-1].at - 0.5
    assert (redis_server.commands().get("publish", 0) > 20) == (road == "redis")


def test_each_shows_the_workers_of_both(servers: tuple[ParleyServer, ParleyServer], road: str) -> None:
    """Check servers that can exchange reports: those that share a Redis."""

    def seen_by(server: ParleyServer) -> list[str]:
        report = requests.get(f"{server.url}/admin/memory-debug", timeout=10).json()
        assert report["totals"]["servers"] == len({worker["server"] for worker in report["workers"]})
        return sorted(worker["server"].rpartition(":")[2] for worker in report["workers"])

    ports = sorted(str(server.port) for server in servers)
    for server in servers:
        expected = ports if road == "redis" else [str(server.port)]
        wait_until(lambda server=server, expected=expected: seen_by(server) == expected)  # type: ignore[misc]
        checks = requests.get(f"{server.url}/readyz", timeout=10).json()["checks"]
        assert checks.get("redis") == ("ok" if road == "redis" else None)


def test_a_turn_is_stopped_from_another_server(servers: tuple[ParleyServer, ParleyServer]) -> None:
    home, elsewhere = servers
    user = User(home.url)
    other = window(elsewhere, user)
    with user.asking(user.conversation(), "Go on for ever " + wanting(tokens=2_000, gap=0.05)) as events:
        turn = next(events).data["turn_id"]
        next(event for event in events if event.name == "delta")
        began_at = time.monotonic()
        stopped = other.post(f"/api/turns/{turn}/stop")
        took_s = time.monotonic() - began_at
        rest = list(events)
    assert (stopped.status_code, stopped.json()["status"]) == (200, "stopped")
    assert rest[-1].data["status"] == "stopped"
    assert took_s < 3.0  # then it would have given up
    assert other.get(f"/api/turns/{turn}").json()["text"] == stopped.json()["text"] != ""


@pytest.mark.parametrize("flag", ["true", "false"])
def test_a_server_whose_sockets_are_gone_goes_on(flag: str, fake_llm: FakeLLM, tmp_path: Path) -> None:
    """With several workers, some followers and the stop reach a worker that does not run the turn."""
    with start(tmp_path / "server", flag, fake_llm, WEB_CONCURRENCY=2) as server:
        server.wait_for_workers(2)
        user = User(server.url)
        with user.asking(user.conversation(), "A story " + wanting(tokens=_TOKENS, gap=0.02)) as events:
            turn = next(events).data["turn_id"]
            sockets = list((server.folder / "data" / "run").glob("*.sock"))
            assert len(sockets) == 2
            for socket in sockets:
                socket.unlink()
            windows = [window(server, user) for _ in range(8)]
            with ThreadPoolExecutor(8) as others:
                following = [others.submit(each.follow, turn) for each in windows]
                at_home = list(events)
                streams = [each.result() for each in following]
        assert all(plain(stream)[1:] == plain(at_home) for stream in streams)
        for each in windows[:2]:
            with each.asking(each.conversation(), "For ever " + wanting(tokens=2_000, gap=0.05)) as events:
                turn = next(events).data["turn_id"]
                assert window(server, each).post(f"/api/turns/{turn}/stop").json()["status"] == "stopped"
                assert list(events)[-1].data["status"] == "stopped"
