"""Limits of a request, and the refusals of requests beyond them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chat.runtime import refusals

RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of a worker's connections.

    `request_s` is the time limit for the head of a request, again for its body, and for a response without progress.
    """

    request_s: float

    # For the first byte of the next request on a kept-alive connection.
    idle_s: ClassVar[float] = 5.0
    # For the client to read a response to a request that was not read to its end.
    linger_s: ClassVar[float] = 1.0
    linger_bytes: ClassVar[int] = 65_536

    head_bytes: ClassVar[int] = 65_536
    body_bytes: ClassVar[int] = 1 << 20
    # Additional bytes for the framing of a chunked body.
    framing_bytes: ClassVar[int] = 1 << 19
    # All incomplete bodies that a worker holds, except small ones.
    bodies_bytes: ClassVar[int] = 16 << 20
    small_body_bytes: ClassVar[int] = 65_536

    # System buffers of each connection: clients that do not read must not exhaust the machine's memory.
    buffer_bytes: ClassVar[int] = 131_072
    # When connections run out, those that have kept the worker waiting for longer than this are closed.
    blocked_limit_s: ClassVar[float] = 0.25


class Refusal(Exception):
    """A request is refused before it reaches the application. Its connection gets `response` and is closed."""

    def __init__(self, status: int, why: str, retry_after_s: int = 0) -> None:
        super().__init__(why)
        self.response = refusals.response(status, retry_after_s)


def too_slow() -> Refusal:
    return Refusal(408, "it took too long to arrive")


def head_too_large() -> Refusal:
    return Refusal(431, "its head is too large")


def body_too_large() -> Refusal:
    return Refusal(413, "its body is too large")


def bad_body(why: str) -> Refusal:
    return Refusal(400, why)


def overloaded() -> Refusal:
    return Refusal(503, "there is no room for it", RETRY_AFTER_S)
