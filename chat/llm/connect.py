"""Finding and reaching an endpoint: its address, a TCP connection, TLS. All of it can be hung up, and is bounded."""

from __future__ import annotations

import concurrent.futures
import ipaddress
import socket
import ssl
import threading
import time

import httpx2

from chat.llm.cancel_scope import CancelScope
from chat.llm.connection import Connection

Address = tuple[int, tuple[object, ...]]


class Connector:
    """Makes connections, from many threads at once."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._context.set_alpn_protocols(["http/1.1"])
        self._resolver = _Resolver()

    def connect(self, scheme: str, host: str, port: int, scope: CancelScope, timeout_s: float) -> Connection:
        """A connection plugged into `scope`. Raises ConnectTimeout and ConnectError, caused by what went wrong."""
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
            raise httpx2.ConnectTimeout("no connection came about in time") from error
        except OSError as error:
            connection.close()
            raise httpx2.ConnectError("no connection came about") from error
        except BaseException:
            connection.close()
            raise
        return connection


def _connect(connection: Connection, addresses: list[Address], until: float) -> None:
    """Try one address after the other; one that does not answer must leave time for the next."""
    for number, (family, address) in enumerate(addresses):
        share_s = (until - time.monotonic()) / (len(addresses) - number)
        try:
            return connection.connect(family, address, share_s)
        except OSError:
            if number == len(addresses) - 1:
                raise
    raise OSError("the host's name has no address")


class _Resolver:
    """Addresses of hosts. The system's look-up can be neither interrupted nor bounded, so it runs apart.

    Those who ask for the same host at once share one look-up: a resolver that hangs holds one thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[tuple[str, int], concurrent.futures.Future[list[Address]]] = {}

    def addresses(self, host: str, port: int, scope: CancelScope, timeout_s: float) -> list[Address]:
        """Raises OSError: socket.gaierror where there is no such host, TimeoutError."""
        if numeric := _numeric(host, port):
            return [numeric]
        found = self._found(host, port)
        waiter = _LookUpWaiter()
        found.add_done_callback(lambda _: waiter.wake())
        scope.attach(waiter)
        waiter.wait(min(timeout_s, scope.remaining_s()))
        if not scope.remaining_s() or not found.done():
            raise TimeoutError("the host's name was not found in time")
        return found.result()

    def _found(self, host: str, port: int) -> concurrent.futures.Future[list[Address]]:
        with self._lock:
            found = self._running.get((host, port))
            if found is None:
                found = self._running[host, port] = concurrent.futures.Future()
                threading.Thread(target=self._look_up, args=(host, port, found), name="look-up", daemon=True).start()
            return found

    def _look_up(self, host: str, port: int, found: concurrent.futures.Future[list[Address]]) -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            outcome: list[Address] | OSError = error
        except UnicodeError:
            outcome = socket.gaierror(socket.EAI_NONAME, "no name of a host")
        else:
            outcome = [(family, address) for family, _, _, _, address in answers]
        with self._lock:
            del self._running[host, port]
        if isinstance(outcome, OSError):
            found.set_exception(outcome)
        else:
            found.set_result(outcome)


class _LookUpWaiter:
    """What a scope is plugged into while a name is looked up."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.wake = self._event.set
        self.wait = self._event.wait

    def interrupt(self, scope: CancelScope) -> None:  # noqa: ARG002 - an waiter has one scope only
        self.wake()


def _numeric(host: str, port: int) -> Address | None:
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return None
    return (socket.AF_INET if version == 4 else socket.AF_INET6), (host, port)
