"""The bounds of a request, and the answers to those that are beyond them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chat.runtime import refusals

RETRY_AFTER_S = 5


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
    # Where connections run out, who has kept the worker waiting for longer than this makes room.
    patience_s: ClassVar[float] = 0.25


class Refusal(Exception):
    """A request that is refused before the application has seen it. Its connection closes. `answer` is what it gets."""

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


def no_room() -> Refusal:
    return Refusal(503, "there is no room for it", RETRY_AFTER_S)
