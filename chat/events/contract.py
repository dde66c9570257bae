"""The seam to a turn's events: a numbered log that one runner writes and any number of followers read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its number in the turn (from 1), its name, and its data as the bytes of a JSON object."""

    number: int
    name: str
    data: bytes

    @property
    def frame(self) -> bytes:
        """The event as it goes over the wire (server-sent events: HTML Living Standard, 9.2)."""
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (self.number, self.name.encode(), self.data)


def event(number: int, name: str, data: dict[str, Any]) -> Event:
    # JSON has no bare line break, so the data is always one line.
    return Event(number, name, _encode(data))


class EventLog(Protocol):
    """The log of one turn. `append` from the runner's side only; `read` from any thread."""

    def append(self, name: str, data: dict[str, Any]) -> Event:
        """Number an event, keep it and wake the followers. `done` is the last."""
        ...

    def read(self, after: int, timeout_s: float) -> list[Event]:
        """All events with a number above `after`: waits until there is one, at most `timeout_s`, then [].

        After `done` nothing more can come, and nobody waits.
        """
        ...
