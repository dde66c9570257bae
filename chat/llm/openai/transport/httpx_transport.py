"""The standard transport: httpx2 over httpcore2, extended to obey cancel scopes. Supports proxies."""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
import threading
from collections.abc import Iterable
from typing import Any

import httpcore2
import httpx2

from chat.net.cancel_scope import CancelScope, current_scope


class ScopedStream(httpcore2.NetworkStream):
    """A connection that obeys the scope of the request that wrote to it last."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream
        self._scope: CancelScope | None = None
        self._lock = threading.Lock()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        scope = self._scope
        if scope is None:
            return self._stream.read(max_bytes, timeout)
        data = scope.receive(timeout, functools.partial(self._stream.read, max_bytes), httpcore2.ReadTimeout)
        if scope.exceeds_byte_limit(len(data)):
            raise httpcore2.ReadError("too many bytes arrived before an answer")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        scope = current_scope()
        if scope is not self._scope:
            with self._lock:
                self._scope = scope
            if scope is not None:
                scope.attach(self)
        self._stream.write(buffer, _allowed_s(scope, timeout))

    def interrupt(self, scope: CancelScope) -> None:
        """End the blocking calls of `scope`, if it is still this connection's scope."""
        with self._lock:
            if self._scope is scope:
                sock = self._stream.get_extra_info("socket")
                # Call the plain socket's shutdown: a TLS socket's shutdown would also drop the TLS state during a read.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            self._scope = None
            self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        allowed_s = _allowed_s(current_scope(), timeout)
        return ScopedStream(self._stream.start_tls(ssl_context, server_hostname, allowed_s))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class ScopedBackend(httpcore2.SyncBackend):
    """Network backend whose connections obey scopes. Connecting itself has a time limit, but cannot be interrupted."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        allowed_s = _allowed_s(current_scope(), timeout)
        try:
            return ScopedStream(super().connect_tcp(host, port, allowed_s, local_address, socket_options))
        except UnicodeError as error:  # a label of the name is empty or too long
            raise httpcore2.ConnectError("no name of a host") from error


def install_scoped_backend(transport: httpx2.HTTPTransport) -> None:
    """Give the transport's connection pool our backend. httpx has no parameter for it, httpcore has."""
    if not isinstance(transport._pool._network_backend, httpcore2.SyncBackend):
        raise TypeError("this version of httpx2 is built differently; see install_scoped_backend")
    transport._pool._network_backend = ScopedBackend()


def _allowed_s(scope: CancelScope | None, timeout_s: float | None) -> float | None:
    """Return the time limit of one wait, in seconds."""
    if scope is None:
        return timeout_s
    allowed_s = scope.wait_timeout_s(timeout_s)
    if allowed_s is None:
        raise httpcore2.ReadTimeout("the time for this request is over")
    return allowed_s
