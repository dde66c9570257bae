"""Bytes of an HTTP/1.1 request, and what it is sent to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from chat.net.errors import UnsendableRequest

_REQUEST_LINE = re.compile(rb"[A-Z]+ [!-~]+ HTTP/1\.1\r\n")
_HEADERS = re.compile(rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [\t -~\x80-\xff]*\r\n)*")


class Origin(NamedTuple):
    """Scheme ("http" or "https"), host and port of a server."""

    scheme: str
    host: str
    port: int


class Timeouts(NamedTuple):
    """Limits of one wait each, in seconds; None means no limit. The scope's deadline applies to all."""

    connect_s: float | None = None
    send_s: float | None = None
    receive_s: float | None = None


def request_bytes(method: bytes, target: bytes, headers: Sequence[tuple[bytes, bytes]], body: bytes = b"") -> bytes:
    """Return the bytes of a request. `headers` must state the length of `body`.

    Raises UnsendableRequest for parts that a server could misread.
    """
    first = b"%b %b HTTP/1.1\r\n" % (method, target)
    head = b"".join([b"%b: %b\r\n" % field for field in headers])
    if not (_REQUEST_LINE.fullmatch(first) and _HEADERS.fullmatch(head) and head.count(b"\r\n") == len(headers)):
        raise UnsendableRequest("the request holds characters that no request may hold")
    return b"%b%b\r\n%b" % (first, head, body)
