"""The bounds of a request, and the answers to those that are beyond them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Bounds:
    """`request_s` is the time for a request's head, the same again for its body, and the longest that an answer may
    wait for its taker."""

    request_s: float

    # Until a kept connection says something more.
    idle_s: ClassVar[float] = 5.0
    # After an answer to a request that was not read to its end: until the client has seen it.
    linger_s: ClassVar[float] = 1.0
    linger_bytes: ClassVar[int] = 65_536

    head_bytes: ClassVar[int] = 65_536
    body_bytes: ClassVar[int] = 1 << 20
    # A body in chunks may have this much around its bytes.
    framing_bytes: ClassVar[int] = 1 << 19
    # All bodies that a worker holds before they are whole, but for small ones.
    bodies_bytes: ClassVar[int] = 16 << 20
    small_body_bytes: ClassVar[int] = 65_536

    # Of each connection in the system: one that is not read from must not fill the machine.
    buffer_bytes: ClassVar[int] = 131_072
    # How long foreign bytes are worked on before others have a turn.
    slice_s: ClassVar[float] = 0.004
    # Where connections run out, who has kept the worker waiting for longer than this makes room.
    patience_s: ClassVar[float] = 0.25


class Refusal(Exception):
    """A request that is refused before the application has seen it. Its connection closes."""

    def __init__(self, status: str, code: str, message: str, retry_after_s: int = 0) -> None:
        super().__init__(message)
        self.status = status
        body = json.dumps({"error": {"code": code, "message": message}}).encode()
        retry = f"Retry-After: {retry_after_s}\r\n" if retry_after_s else ""
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Cache-Control: no-store\r\n{retry}Connection: close\r\n\r\n"
        )
        self.answer = head.encode() + body


def too_slow() -> Refusal:
    return Refusal("408 Request Timeout", "request_timeout", "The request took too long to arrive.")


def head_too_large() -> Refusal:
    return Refusal("431 Request Header Fields Too Large", "too_large", "The request's head is larger than may be.")


def body_too_large() -> Refusal:
    return Refusal("413 Content Too Large", "too_large", "The request is larger than this server takes.")


def cut_short() -> Refusal:
    return Refusal("400 Bad Request", "bad_request", "The body is shorter than the request said.")


def no_room() -> Refusal:
    return Refusal("503 Service Unavailable", "overloaded", "This server has no room left; try again soon.", 5)
