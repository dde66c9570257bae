"""Events as pieces to be sent: several small ones in one, a large one in several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chat.events.contract import Event

# A follower that does not read holds one piece, and what the way to it has made of that: some four of them.
CHUNK_BYTES = 32_768
_AROUND_DATA = 64


def chunks(events: Iterable[Event]) -> Iterator[bytes]:
    """The frames of `events`, joined or cut to pieces of at most CHUNK_BYTES and what is around an event's data."""
    joined: list[bytes] = []
    size = 0
    for each in events:
        length = len(each.data) + _AROUND_DATA
        if joined and size + length > CHUNK_BYTES:
            yield b"".join(joined)
            joined, size = [], 0
        if length > CHUNK_BYTES:
            yield from split(each.frame)
        else:
            joined.append(each.frame)
            size += length
    if joined:
        yield b"".join(joined) if len(joined) > 1 else joined[0]


def split(frames: bytes) -> Iterator[bytes]:
    """The same bytes, a piece at a time."""
    for begin in range(0, len(frames), CHUNK_BYTES):
        yield frames[begin : begin + CHUNK_BYTES]
