"""Fast path of gevent workers for common requests and for all responses.

gunicorn's parser and its many small sends are a considerable part of the cost to begin a turn (docs/performance.md).
All other requests, malformed ones included, are left to gunicorn. `HTTP_FRONT=standard` disables the fast path.
"""

from __future__ import annotations

import re
from typing import Any

from gevent import socket
from gunicorn import util
from gunicorn.http import parser, wsgi
from gunicorn.http.wsgi import Response

from chat.runtime.refusals import ProxiedRequest

# A request line and header lines without ambiguity: one space after the colon, printable ASCII without spaces at its
# ends, no underscore in a name. gunicorn interprets `//host` and fragments in its own way.
_COMMON = re.compile(
    rb"([A-Z]{3,20}) (/(?:[!\"$-.0-~][!\"$-~]*)?) HTTP/1\.1\r\n"
    rb"((?>[A-Za-z0-9-]+: [!-~](?:[ -~]*[!-~])?\r\n)+)\r\n"
)
_COMMON_BYTES = 4000
# Method, spaces and version.
_AROUND_TARGET_BYTES = 32
_ONCE = ("HOST", "CONTENT-TYPE")


def install() -> None:
    """Have gunicorn use these classes in this process."""
    parser.RequestParser.mesg_class = FastRequest
    wsgi.Response = FastResponse


class FastRequest(ProxiedRequest):
    """Request whose head is parsed by one regular expression if it is common. Body and trust remain gunicorn's."""

    def _parse_python(self, unreader: Any, buf: bytearray) -> bytes:
        common = _COMMON.match(buf, 0, _COMMON_BYTES)
        if common is None or not self._set_fields(*(part.decode("ascii") for part in common.groups())):
            rest: bytes = super()._parse_python(unreader, buf)
            return rest
        return bytes(buf[common.end() :])

    def _set_fields(self, method: str, target: str, lines: str) -> bool:
        """Set the request's fields. Return False, without changes, if gunicorn has to parse the request."""
        # All headers together are nearly always shorter than the limit on one of them.
        if len(lines) > self.limit_request_field_size:
            return False
        if len(target) + _AROUND_TARGET_BYTES > self.limit_request_line > 0:
            return False
        headers = [(name.upper(), value) for name, _, value in (line.partition(": ") for line in lines.split("\r\n"))]
        headers.pop()  # after the last line break
        names = [name for name, _ in headers]
        if len(names) > self.limit_request_fields or any(names.count(name) > 1 for name in _ONCE):
            return False
        self.version = (1, 1)
        self.method, self.uri = method, target
        self.path, _, self.query = target.partition("?")
        self.fragment = ""
        if not self.cfg.secure_scheme_headers.keys().isdisjoint(names) or "EXPECT" in names:
            self._apply_policy(headers)
        self.headers = headers
        return True

    def _apply_policy(self, headers: list[tuple[str, str]]) -> None:
        """Apply gunicorn's policy for headers about the connection. Raises gunicorn's errors."""
        trusted = self._peer_trusted_for_forwarded()
        scheme_state, seen = [False], set[str]()
        for name, value in headers:
            self._apply_header_policy(name, value, scheme_state, seen, *trusted)


class FastResponse(Response):  # type: ignore[misc]
    """Response that sends its head with the first piece of the body, and each piece by one system call."""

    headers_sent: bool  # gunicorn's

    def __init__(self, req: Any, sock: Any, cfg: Any) -> None:
        super().__init__(req, sock, cfg)
        # gevent's `sendall` reads the size of the socket buffer before each piece. Not for TLS, which wraps the plain
        # socket.
        plain = getattr(sock, "plain", sock)
        self._send_at_once = plain._sock.send if type(plain) is socket.socket else _nothing
        self._head = b""
        self._head_waits = False

    def send_headers(self) -> None:
        if self.headers_sent:
            return
        lines = [*self.default_headers(), *(f"{name}: {value}\r\n" for name, value in self.headers), "\r\n"]
        self._head = "".join(lines).encode("latin-1")
        self.headers_sent = True
        if not self._head_waits:
            self._send(b"")

    def write(self, arg: bytes) -> None:
        self._head_waits = True
        super().write(arg)

    def close(self) -> None:
        self._head_waits = True
        self.send_headers()
        self._send(b"0\r\n\r\n" if self.chunked else b"")

    def _emit_body(self, data: bytes) -> None:
        self._send(b"%X\r\n%b\r\n" % (len(data), data) if self.chunked else data)

    def _send(self, piece: bytes) -> None:
        data = self._head + piece
        self._head = b""
        if not data:  # an empty send would fail if the browser has closed after a complete response
            return
        try:
            sent = self._send_at_once(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            util.write(self.sock, memoryview(data)[sent:])


def _nothing(_data: bytes) -> int:
    """Send nothing."""
    return 0
