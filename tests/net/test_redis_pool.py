"""Connections to Redis whose caller ends early, and to Sentinels. Run again under gevent, with kills."""

from __future__ import annotations

import contextlib
import gc
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.connection import AbstractConnection

from chat.net.redis_client import RedisClient
from chat.runtime import mode
from config import redis_url
from config.mode import ASYNC
from scripts.kit.redis_server import RedisSentinel, RedisServer

LONG_S = 30.0


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        yield listener


@pytest.fixture
def client(listener: socket.socket) -> Iterator[RedisClient]:
    with opened(f"redis://:secret@127.0.0.1:{listener.getsockname()[1]}") as client:
        yield client


def opened(url: str) -> contextlib.closing[RedisClient]:
    return contextlib.closing(RedisClient(redis_url.parse(url)))


def check_in_vain(client: RedisClient, reached: threading.Event) -> None:
    """Let a caller fail at a point of its code. If it is a greenlet, kill it there."""
    if mode.current() is ASYNC:
        import gevent

        caller = gevent.spawn(client.check)
        reached.wait(LONG_S)
        gevent.sleep(0.08)  # it runs up to its next wait
        caller.kill()
    else:
        client.check()


def test_a_caller_that_ends_while_it_connects_leaves_no_socket(listener: socket.socket, client: RedisClient) -> None:
    """Nothing is asserted: an unclosed socket is a warning, which fails the test."""
    with contextlib.ExitStack() as stack:
        for _ in range(3):  # nobody accepts them, so that the next one waits
            each = stack.enter_context(socket.socket())
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        begun = threading.Event()
        begun.set()
        check_in_vain(client, begun)


def test_a_connection_whose_caller_ends_in_the_greeting_is_closed(listener: socket.socket, client: RedisClient) -> None:
    """A late answer to the greeting would be taken for the reply to the next command."""
    greeted, after = threading.Event(), []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(LONG_S)
            connection.recv(1000)
            greeted.set()
            after.append(connection.recv(1000))

    thread = threading.Thread(target=serve)
    thread.start()
    check_in_vain(client, greeted)
    thread.join()
    assert after == [b""]


def test_connections_to_sentinels_are_closed_with_the_client(tmp_path: Path, redis_server: RedisServer) -> None:
    with RedisSentinel(tmp_path / "sentinel", redis_server) as sentinel:
        with opened(sentinel.master_url) as client:
            client.check()
            assert not client.breaker.is_open
            assert sockets_to(sentinel.port) > 0
        assert sockets_to(sentinel.port) == 0


def sockets_to(port: int) -> int:
    """Return how many open sockets of this process lead to a port."""
    count = 0
    for each in gc.get_objects():
        if isinstance(each, socket.socket) and each.fileno() >= 0:
            with contextlib.suppress(OSError):
                count += each.getpeername()[1:2] == (port,)
    return count


def test_asking_for_a_master_that_is_away_costs_no_memory(tmp_path: Path, redis_server: RedisServer) -> None:
    with RedisSentinel(tmp_path / "sentinel", redis_server) as sentinel:
        url = sentinel.master_url.replace("sentinel=parley", "sentinel=another")
        with opened(url) as client:
            client.check()
            before = connections()
            for _ in range(20):
                client.check()
            assert client.breaker.is_open
            assert connections() <= before


def connections() -> int:
    gc.collect()
    return sum(isinstance(each, AbstractConnection) for each in gc.get_objects())
