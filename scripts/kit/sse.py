"""Server-sent events, read from bytes that may be cut anywhere."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a turn, its bytes, and when it came (`time.monotonic()`)."""

    number: int
    name: str
    data: dict[str, Any]
    raw: bytes = field(default=b"", compare=False, repr=False)
    at: float = field(default=0.0, compare=False, repr=False)


class FrameReader:
    """Incremental reader of frames. A frame is an event or a comment, with the empty line that ends it."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the frames that `data` completes. Lines may end with CRLF; in the frames they end with LF."""
        text = self._rest + data
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n")
        *frames, self._rest = text.split(b"\n\n")
        return [frame + b"\n\n" for frame in frames]


def frames(stream: bytes) -> list[bytes]:
    """Return the frames of a whole stream."""
    return FrameReader().feed(stream)


def fields(frame: bytes) -> tuple[str, str, bytes] | None:
    """Return id, name and data of any event as the standard defines it, or None for a comment."""
    number, name, data = "", "message", []
    for line in frame.split(b"\n"):
        field_name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field_name == b"data":
            data.append(value)
        elif field_name == b"event":
            name = value.decode("utf-8", "replace")
        elif field_name == b"id":
            number = value.decode("utf-8", "replace")
    return (number, name, b"\n".join(data)) if data else None


def read_events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Yield a turn's events as they come, without comments. Raises ValueError for an event that is not Parley's."""
    reader = FrameReader()
    for chunk in chunks:
        at = time.monotonic()
        for frame in reader.feed(chunk):
            if (read := fields(frame)) is not None:
                number, name, data = read
                yield Event(int(number), name, _object(data), frame, at)


def _object(data: bytes) -> dict[str, Any]:
    value = json.loads(data)
    if not isinstance(value, dict):
        raise ValueError(f"the data of an event is not an object: {data[:100]!r}")
    return value
