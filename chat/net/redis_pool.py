"""Connections to Redis: a bounded pool of them for an address, whose waits all have a limit."""

from __future__ import annotations

import time
from typing import Any

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

_resolver = Resolver()


class _BoundedLookUp(Connection):
    """Looks up the host's name with a limit of time, which the system's look-up does not have."""

    def _connect(self) -> Any:
        _resolver.addresses(self.host, self.port, CancelScope(time.monotonic() + WAIT_S), WAIT_S)
        return super()._connect()  # type: ignore[no-untyped-call]


class _Tcp(_BoundedLookUp):
    pass


class _Tls(_BoundedLookUp, SSLConnection):
    pass


class _OfSentinel(SentinelManagedConnection, _BoundedLookUp):
    """Connection to the server that a Sentinel names.

    The library's own stays open when a reply is awaited in vain; then the late reply would be the next caller's.
    """

    def read_response(self, *args: Any, disconnect_on_error: bool | None = True, **options: Any) -> Any:
        return super().read_response(*args, disconnect_on_error=disconnect_on_error, **options)


class _OfSentinelTls(_OfSentinel, SSLConnection):
    pass


class _SentinelPool(SentinelConnectionPool, BlockingConnectionPool):
    """The library's pool for Sentinel, with the wait of its blocking pool."""


def pool_for(url: RedisUrl) -> BlockingConnectionPool:
    """Return a pool that has no connection yet."""
    common = _limits() | {"db": url.db, "username": url.username or None, "password": url.password or None}
    blocking = {"max_connections": SIZE, "timeout": FREE_S}
    if url.path:
        return BlockingConnectionPool(connection_class=UnixDomainSocketConnection, path=url.path, **common, **blocking)
    common |= {"socket_keepalive": True}
    if url.tls:
        common |= {"ssl_ca_certs": url.ca_certs or None}
    if not url.sentinel:
        (host, port), *_ = url.hosts
        kind: type[Connection] = _Tls if url.tls else _Tcp
        return BlockingConnectionPool(connection_class=kind, host=host, port=port, **common, **blocking)
    to_sentinel = _limits() | {"username": url.sentinel_username or None, "password": url.sentinel_password or None}
    if url.tls:
        to_sentinel |= {"ssl": True, "ssl_ca_certs": url.ca_certs or None}
    sentinel = Sentinel(url.hosts, sentinel_kwargs=to_sentinel)
    kind = _OfSentinelTls if url.tls else _OfSentinel
    return _SentinelPool(  # type: ignore[no-untyped-call]
        url.sentinel, sentinel, connection_class=kind, **common, **blocking
    )


def _limits() -> dict[str, Any]:
    """Return options of every connection: limits of time, no second attempts, no greetings that cost round trips."""
    return {
        "socket_timeout": WAIT_S,
        "socket_connect_timeout": WAIT_S,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "driver_info": None,
    }
