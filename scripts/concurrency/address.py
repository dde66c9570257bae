"""The address of a server, and connections to it: blocking ones for the preparation, non-blocking ones for the load."""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

from scripts.concurrency.errors import CannotRun

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Address:
    """A server at `url`, which the option `option` gave. Raises CannotRun if that is no address."""

    def __init__(self, url: str, option: str = "--url") -> None:
        self.url = url.strip().rstrip("/")
        try:
            parts = urlsplit(self.url)
            self.host, port = parts.hostname or "", parts.port
            self.host.encode("idna")
        except ValueError:  # a port, brackets or a name that cannot be
            raise _not_an_address(url, option) from None
        if parts.scheme not in _DEFAULT_PORTS or not self.host or not self.url.isprintable() or " " in self.url:
            raise _not_an_address(url, option)
        self.port = port or _DEFAULT_PORTS[parts.scheme]
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self.base, self.authority = parts.path, parts.netloc.rpartition("@")[2]
        self._endpoints: list[Any] = []

    def connect(self, timeout_s: float) -> http.client.HTTPConnection:
        """Return a new blocking connection. Raises OSError."""
        sock = self._first_endpoint_that_accepts(timeout_s)
        connection = http.client.HTTPConnection(self.host, self.port)
        connection.sock = self._tls.wrap_socket(sock, server_hostname=self.host) if self._tls else sock
        return connection

    def begin_to_connect(self) -> socket.socket:
        """Return a non-blocking socket that is connecting to the address of the last `connect`."""
        family, kind, protocol, _, address = self._endpoints[0]
        sock = socket.socket(family, kind, protocol)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect_ex(address)
        return sock

    def secured(self, sock: socket.socket) -> socket.socket:
        """Return the connected socket itself, or a TLS one before its handshake."""
        if not self._tls:
            return sock
        return self._tls.wrap_socket(sock, server_hostname=self.host, do_handshake_on_connect=False)

    def _first_endpoint_that_accepts(self, timeout_s: float) -> socket.socket:
        """Connect. `localhost` may be ::1 as well as 127.0.0.1; the name is looked up once."""
        if not self._endpoints:
            self._endpoints = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        for endpoint in self._endpoints:
            sock = socket.socket(*endpoint[:3])
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(timeout_s)
            try:
                sock.connect(endpoint[4])
            except OSError as error:
                sock.close()
                last_error = error
            else:
                self._endpoints = [endpoint]
                return sock
        raise last_error


def request_bytes(method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> bytes:
    """Return an HTTP/1.1 request as it is sent."""
    fields = headers if body is None else headers | {"Content-Length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def _not_an_address(url: str, option: str) -> CannotRun:
    return CannotRun(f"{url!r} is not an address; try {option} http://127.0.0.1:5000")
