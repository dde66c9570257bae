"""How a gevent worker reads requests and writes answers: gunicorn's way, with what is usual made cheap.

Written by hand because gunicorn's parser and its many small sends are a sixth of what a turn costs to begin
(docs/performance.md has the figures). What is not usual, a malformed request above all, is left to gunicorn, with all
that it refuses and how it says so. `HTTP_FRONT=standard` leaves everything to it.
"""

from __future__ import annotations

import re
from typing import Any

from gevent import socket
from gunicorn import util
from gunicorn.http import parser, wsgi
from gunicorn.http.wsgi import Response

from chat.runtime.refusals import ProxiedRequest

# A request line and header lines that leave nothing to interpret: one blank after the colon, printable ASCII without
# blanks at its ends, no underscore in a name. Of `//host` gunicorn makes something of its own, and of a fragment.
_USUAL = re.compile(
    rb"([A-Z]{3,20}) (/(?:[!\"$-.0-~][!\"$-~]*)?) HTTP/1\.1\r\n"
    rb"((?>[A-Za-z0-9-]+: [!-~](?:[ -~]*[!-~])?\r\n)+)\r\n"
)
_USUAL_BYTES = 4000
# A method, blanks and a version.
_AROUND_TARGET_BYTES = 32
_ONCE = ("HOST", "CONTENT-TYPE")


def install() -> None:
    """Have gunicorn use these in this process."""
    parser.RequestParser.mesg_class = FastRequest
    wsgi.Response = FastResponse


class FastRequest(ProxiedRequest):
    """A head that is usual is taken apart by one expression. Framing, body and trust remain gunicorn's."""

    def _parse_python(self, unreader: Any, buf: bytearray) -> bytes:
        usual = _USUAL.match(buf, 0, _USUAL_BYTES)
        if usual is None or not self._take(*(part.decode("ascii") for part in usual.groups())):
            rest: bytes = super()._parse_python(unreader, buf)
            return rest
        return bytes(buf[usual.end() :])

    def _take(self, method: str, target: str, lines: str) -> bool:
        """False, having changed nothing, where gunicorn had better look for itself."""
        # All of them together are far shorter, nearly always, than one of them may be.
        if len(lines) > self.limit_request_field_size:
            return False
        if len(target) + _AROUND_TARGET_BYTES > self.limit_request_line > 0:
            return False
        headers = [(name.upper(), value) for name, _, value in (line.partition(": ") for line in lines.split("\r\n"))]
        headers.pop()  # behind the last line's end
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
        """What follows from headers that say something about the connection. Raises gunicorn's errors."""
        trusted = self._peer_trusted_for_forwarded()
        scheme_state, seen = [False], set[str]()
        for name, value in headers:
            self._apply_header_policy(name, value, scheme_state, seen, *trusted)


class FastResponse(Response):  # type: ignore[misc]
    """The head goes out together with the first piece of the body, and each piece by one call of the system's."""

    headers_sent: bool  # gunicorn's

    def __init__(self, req: Any, sock: Any, cfg: Any) -> None:
        super().__init__(req, sock, cfg)
        # gevent's own `sendall` asks for the size of the system's buffer before each piece. Not under TLS, whose
        # plain socket is beneath it.
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
        if not data:  # to send nothing would be an error where the browser has gone, its answer complete
            return
        try:
            sent = self._send_at_once(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            util.write(self.sock, memoryview(data)[sent:])


def _nothing(_data: bytes) -> int:
    """Sends nothing."""
    return 0
