"""The kit's Redis: it starts, listens in each way, and can be suspended."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from scripts.kit.redis_server import RedisSentinel, RedisServer, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "it is installed")


@pytest.mark.parametrize("listen", ["port", "socket", "tls"])
def test_it_listens_as_asked_and_keeps_nothing(tmp_path: Path, listen: str) -> None:
    with RedisServer(tmp_path, listen, password="open-sesame") as server:
        server.run("SET", "a", "b")
        assert server.run("GET", "a") == b"b"
        server.restart()
        assert server.run("DBSIZE") == 0


def test_it_counts_commands(redis_server: RedisServer) -> None:
    redis_server.forget_commands()
    redis_server.run("SET", "a", "b")
    redis_server.run("GET", "a")
    assert redis_server.commands() == {"set": 1, "get": 1}


def test_a_pause_answers_nothing_until_it_ends(redis_server: RedisServer) -> None:
    redis_server.pause()
    with redis_server.client(timeout_s=0.2) as hasty, pytest.raises(redis.TimeoutError):
        hasty.ping()
    redis_server.resume()
    assert redis_server.run("PING")


def test_a_sentinel_finds_the_master(tmp_path: Path, redis_server: RedisServer) -> None:
    with RedisSentinel(tmp_path, redis_server) as sentinel:
        assert sentinel.run("SENTINEL", "get-master-addr-by-name", "parley")[1] == str(redis_server.port).encode()
