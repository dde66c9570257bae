"""Chunks of an event stream: small events are joined into one chunk, a large event is split into several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chat.events.contract import Event

# A follower that does not read holds one chunk, and about three more copies of it on the way to its socket.
CHUNK_BYTES = 32_768
_FRAME_OVERHEAD = 64


def chunks(events: Iterable[Event]) -> Iterator[bytes]:
    """Yield the frames of `events` in chunks of at most CHUNK_BYTES plus the overhead of a frame."""
    joined: list[bytes] = []
    size = 0
    for event in events:
        length = len(event.data) + _FRAME_OVERHEAD
        if joined and size + length > CHUNK_BYTES:
            yield b"".join(joined)
            joined, size = [], 0
        if length > CHUNK_BYTES:
            yield from split(event.frame)
        else:
            joined.append(event.frame)
            size += length
    if joined:
        yield b"".join(joined) if len(joined) > 1 else joined[0]


def split(frames: bytes) -> Iterator[bytes]:
    """Yield the same bytes in chunks of at most CHUNK_BYTES."""
    for begin in range(0, len(frames), CHUNK_BYTES):
        yield frames[begin : begin + CHUNK_BYTES]
