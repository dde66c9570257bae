"""The server under test: its address, connections to it, and what it says of itself."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

from scripts.concurrency.timeline import Failure

JSON = "application/json"


class CannotRun(Exception):
    """One sentence: why the check cannot be made, and what to do."""


def default_url() -> str:
    """Return the address of a server with this machine's settings. Raises CannotRun when they are wrong."""
    try:
        from config import settings  # noqa: PLC0415 - not needed where --url is given, and python-dotenv may be missing
    except ImportError:
        host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "5000"
    else:
        try:
            ours = settings.load()
        except settings.SettingError as error:
            raise CannotRun(f"{error} Or give the server's address with --url.") from None
        host, port = ours.host, str(ours.port)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server:
    """A Parley server at `url`. Raises CannotRun when that is no address."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        try:
            parts = urlsplit(self.url)
            self.host, port = parts.hostname or "", parts.port
            self.host.encode("idna")
        except ValueError:  # a port, brackets or a name that cannot be
            raise CannotRun(f"{url} is not an address; try --url http://127.0.0.1:5000") from None
        if parts.scheme not in ("http", "https") or not self.host:
            raise CannotRun(f"{url} is not an address; try --url http://127.0.0.1:5000")
        self.port = port or {"http": 80, "https": 443}[parts.scheme]
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self.base, self.authority = parts.path, parts.netloc.rpartition("@")[2]
        self._places: list[Any] = []

    def connect(self, timeout_s: float) -> http.client.HTTPConnection:
        """Return a new blocking connection. Raises OSError."""
        sock = self._first_that_answers(timeout_s)
        connection = http.client.HTTPConnection(self.host, self.port)
        connection.sock = self._tls.wrap_socket(sock, server_hostname=self.host) if self._tls else sock
        return connection

    def begin_to_connect(self) -> socket.socket:
        """Return a non-blocking socket that is connecting to the address of the last `connect`."""
        family, kind, protocol, _, address = self._places[0]
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

    def _first_that_answers(self, timeout_s: float) -> socket.socket:
        """`localhost` may be ::1 as well as 127.0.0.1, with the server on one of them. Looked up once for all."""
        if not self._places:
            self._places = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        for place in self._places:
            sock = socket.socket(*place[:3])
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(timeout_s)
            try:
                sock.connect(place[4])
            except OSError as error:
                sock.close()
                refused = error
            else:
                self._places = [place]
                return sock
        raise refused

    def about(self) -> dict[str, Any]:
        """Return the response of `/api/me`. Raises CannotRun if no Parley server answers."""
        try:
            return self._me()
        except Failure as failure:
            raise CannotRun(f"{self.url} answers, but not as Parley does: GET /api/me: {failure}") from None
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise CannotRun(
                f"No server answers at {self.url} ({why}): "
                "start one with ./scripts/serve, or give its address with --url."
            ) from None

    def _me(self) -> dict[str, Any]:
        connection = self.connect(timeout_s=10)
        try:
            connection.request("GET", f"{self.base}/api/me", headers={"Accept": JSON})
            response = connection.getresponse()
            return object_or_failure(response.status, response.reason, response.read())
        finally:
            connection.close()


def object_or_failure(status: int, reason: str, body: bytes) -> dict[str, Any]:
    """Return the JSON object of a successful response. Raises Failure with the server's error code."""
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if status >= 400:
        error = found.get("error") if isinstance(found, dict) else None
        named: dict[str, Any] = error if isinstance(error, dict) else {}
        raise Failure(str(named.get("code") or f"http_{status}"), str(named.get("message") or reason), status)
    if not isinstance(found, dict):
        raise Failure("not_the_contract", "the answer is not a JSON object", status)
    return found


def failure_of(error: Exception) -> Failure:
    """Return a Failure with the reason why there was no response."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, TimeoutError):
        return Failure("timeout", "No whole answer within --timeout.")
    if isinstance(error, ConnectionRefusedError):
        return Failure("connection_refused", "The server took no connection.")
    if isinstance(error, ConnectionError):
        return Failure("connection_lost", "The server closed the connection without an answer.")
    return Failure("connection_failed", str(error) or type(error).__name__)
