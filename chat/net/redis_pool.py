"""Connections to Redis: a bounded pool of them for an address, whose waits all have a limit."""

from __future__ import annotations

import contextlib
import copy
import queue
import socket
import time
from collections.abc import Iterator
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import BlockingConnectionPool, Connection, SSLConnection, UnixDomainSocketConnection
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool, SentinelManagedConnection

from chat.net.cancel_scope import CancelScope
from chat.net.connect import Resolver
from config.redis_url import RedisUrl

# Connections of one worker. Each is in use for well under a millisecond at a time.
SIZE = 16
# Longest waits: for a free connection, and for a new one or a reply. Together less than 0.3 s.
FREE_S, WAIT_S = 0.08, 0.2

# No second attempts, no greetings that cost round trips.
_OPTIONS = {"max_connections": SIZE, "retry": Retry(NoBackoff(), 0), "protocol": 2, "driver_info": None}

_resolver = Resolver()


@contextlib.contextmanager
def _connecting(family: int, address: Any, timeout_s: float) -> Iterator[socket.socket]:
    """Open a socket that is closed if the block, or its thread, ends early. The library closes it on errors only."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_s)
        sock.connect(address)
        yield sock
    except BaseException:
        sock.close()
        raise


class _Unix(UnixDomainSocketConnection):
    def _connect(self) -> Any:
        with _connecting(socket.AF_UNIX, self.path, self.socket_connect_timeout or WAIT_S) as sock:
            return sock


class _Tcp(Connection):
    """Connection whose look-up of the host's name has a time limit, which the system's look-up does not have."""

    def _connect(self) -> Any:
        wait_s = self.socket_connect_timeout or WAIT_S
        addresses = _resolver.addresses(self.host, self.port, CancelScope(time.monotonic() + wait_s), wait_s)
        for number, (family, address) in enumerate(addresses, 1):
            try:
                with _connecting(family, address, wait_s) as sock:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                    return sock
            except OSError:
                if number == len(addresses):
                    raise
        raise OSError("the host's name has no address")


class _Tls(SSLConnection, _Tcp):
    pass


class _OfSentinel(SentinelManagedConnection, _Tcp):
    """Connection to the server that a Sentinel names.

    The library's own connection stays open after a time-out, so the next caller would get the late reply.
    """

    def read_response(self, *args: Any, disconnect_on_error: bool | None = True, **options: Any) -> Any:
        return super().read_response(*args, disconnect_on_error=disconnect_on_error, **options)


class _OfSentinelTls(_OfSentinel, _Tls):
    pass


class _Pool(BlockingConnectionPool):
    """The library's pool, which closes idle connections only while no thread can take them."""

    def __init__(self, *, wait_factor: float, **options: Any) -> None:
        wait_s = wait_factor * WAIT_S
        limits = {"timeout": wait_factor * FREE_S, "socket_timeout": wait_s, "socket_connect_timeout": wait_s}
        super().__init__(**_OPTIONS, **limits, **options)  # type: ignore[no-untyped-call]

    def disconnect(self, inuse_connections: bool = True) -> None:
        idle = []
        with contextlib.suppress(queue.Empty):
            while True:
                idle.append(self.pool.get_nowait())
        for connection in idle:
            if connection is not None:
                connection.disconnect()
        for connection in reversed(idle):
            self.pool.put_nowait(connection)
        if inuse_connections:
            super().disconnect()


class _SentinelPool(SentinelConnectionPool, _Pool):
    """The library's pool for Sentinel, with the wait of its blocking pool."""

    def release(self, connection: Any) -> None:
        if not self.owns_connection(connection):  # type: ignore[no-untyped-call]
            with contextlib.suppress(ValueError):
                self._connections.remove(connection)  # the library closes it and would keep the object
        super().release(connection)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        super().close()
        for each in self.sentinel_manager.sentinels:
            each.connection_pool.close()


class _Sentinels(Sentinel):
    """The library's Sentinels, whose order several threads may change."""

    def discover_master(self, service_name: str) -> Any:
        """Return the master's address; from now on, ask the Sentinel first that knew it."""
        copied = copy.copy(self)
        copied.sentinels = list(self.sentinels)
        address = super(_Sentinels, copied).discover_master(service_name)  # type: ignore[no-untyped-call]
        self.sentinels = copied.sentinels
        return address


def pool_for(url: RedisUrl, wait_factor: float = 1.0) -> BlockingConnectionPool:
    """Return a pool that has no connection yet. It waits `wait_factor` times as long as usual."""
    named: dict[str, Any] = {
        "wait_factor": wait_factor,
        "db": url.db,
        "username": url.username or None,
        "password": url.password or None,
    }
    if url.path:
        return _Pool(connection_class=_Unix, path=url.path, **named)
    kind: type[Connection] = _Tcp
    if url.tls:
        kind = _Tls
        named["ssl_ca_certs"] = url.ca_certs or None
    if not url.sentinel:
        (host, port), *_ = url.hosts
        return _Pool(connection_class=kind, host=host, port=port, **named)
    to_sentinel = named | {"db": 0, "username": url.sentinel_username, "password": url.sentinel_password}
    sentinels = _Sentinels([])  # type: ignore[no-untyped-call]
    sentinels.sentinels = [
        Redis(connection_pool=_Pool(connection_class=kind, host=host, port=port, **to_sentinel))
        for host, port in url.hosts
    ]
    kind = _OfSentinelTls if url.tls else _OfSentinel
    return _SentinelPool(url.sentinel, sentinels, connection_class=kind, **named)  # type: ignore[no-untyped-call]
