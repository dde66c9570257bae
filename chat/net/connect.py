"""Connecting to a server: name look-up, TCP connection, TLS. Each step is interruptible and has a time limit."""

from __future__ import annotations

import concurrent.futures
import functools
import ipaddress
import socket
import ssl
import threading
import time

from chat.net.cancel_scope import CancelScope
from chat.net.connection import Connection
from chat.net.errors import ConnectFailed, ConnectTimedOut
from chat.runtime import threads

Address = tuple[int, tuple[object, ...]]


class Connector:
    """Factory of connections, for many threads at once."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._context.set_alpn_protocols(["http/1.1"])
        self._resolver = Resolver()

    def connect(self, scheme: str, host: str, port: int, scope: CancelScope, timeout_s: float) -> Connection:
        """Return a connection bound to `scope`. Raises ConnectTimedOut and ConnectFailed, chained to their cause."""
        until = time.monotonic() + timeout_s
        connection = Connection()
        try:
            addresses = self._resolver.addresses(host, port, scope, timeout_s)
            connection.bind(scope)
            _connect(connection, addresses, until)
            if scheme == "https":
                connection.start_tls(self._context, host, until - time.monotonic())
        except TimeoutError as error:
            connection.close()
            raise ConnectTimedOut("no connection could be made in time") from error
        except OSError as error:
            connection.close()
            raise ConnectFailed("no connection could be made") from error
        except BaseException:
            connection.close()
            raise
        return connection


def _connect(connection: Connection, addresses: list[Address], until: float) -> None:
    """Try one address after the other; divide the time so that each gets a share."""
    for number, (family, address) in enumerate(addresses):
        share_s = (until - time.monotonic()) / (len(addresses) - number)
        try:
            return connection.connect(family, address, share_s)
        except OSError:
            if number == len(addresses) - 1:
                raise
    raise OSError("the host's name has no address")


class Resolver:
    """Look-up of hosts' addresses, in threads of its own: the system's look-up has no time limit and no interruption.

    Concurrent calls for the same host share one look-up, so a resolver that hangs holds one thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[tuple[str, int], concurrent.futures.Future[list[Address]]] = {}

    def addresses(self, host: str, port: int, scope: CancelScope, timeout_s: float) -> list[Address]:
        """Return the host's addresses. Raises OSError: socket.gaierror for an unknown host, or TimeoutError."""
        if numeric := _numeric(host, port):
            return [numeric]
        future = self._look_up_future(host, port)
        waiter = _LookUpWaiter()
        future.add_done_callback(lambda _: waiter.wake())
        scope.attach(waiter)
        waiter.wait(min(timeout_s, scope.remaining_s()))
        if not scope.remaining_s() or not future.done():
            raise TimeoutError("the host's name was not found in time")
        return future.result()

    def _look_up_future(self, host: str, port: int) -> concurrent.futures.Future[list[Address]]:
        with self._lock:
            future = self._running.get((host, port))
            if future is None:
                future = self._running[host, port] = concurrent.futures.Future()
                threads.start("look-up", self._look_up, host, port, future)
            return future

    def _look_up(self, host: str, port: int, future: concurrent.futures.Future[list[Address]]) -> None:
        try:
            results = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            outcome: list[Address] | OSError = error
        except UnicodeError:
            outcome = socket.gaierror(socket.EAI_NONAME, "no name of a host")
        else:
            outcome = [(family, address) for family, _, _, _, address in results]
        with self._lock:
            del self._running[host, port]
        if isinstance(outcome, OSError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


class _LookUpWaiter:
    """Interruptible wait for a name look-up."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.wake = self._event.set
        self.wait = self._event.wait

    def interrupt(self, scope: CancelScope) -> None:  # noqa: ARG002 - a waiter has one scope only
        self.wake()


@functools.lru_cache(maxsize=64)
def _numeric(host: str, port: int) -> Address | None:
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return None
    return (socket.AF_INET if version == 4 else socket.AF_INET6), (host, port)
