"""Contract of a turn's event log: a numbered log with one writer, the runner, and any number of followers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

# An event's data. JSON escapes line breaks, so it is always one line.
encode_data: Callable[[msgspec.Struct], bytes] = msgspec.json.Encoder().encode


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event: its number in the turn (from 1), its name, and its data as a JSON object in UTF-8."""

    number: int
    name: str
    data: bytes

    @property
    def frame(self) -> bytes:
        """Return the event as a frame of server-sent events (HTML Living Standard, 9.2)."""
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (self.number, self.name.encode(), self.data)


def make_event(number: int, name: str, data: msgspec.Struct) -> Event:
    """Return an event with its data encoded."""
    return Event(number, name, encode_data(data))


class EventLog(Protocol):
    """The event log of one turn. Only the runner calls `append`; the rest is safe from any thread."""

    @property
    def ended_at(self) -> int:
        """Number of the last event, `done`; 0 while it is missing."""
        ...

    def append(self, name: str, data: msgspec.Struct) -> None:
        """Add an event with the next number and wake the followers. `done` is the last event."""
        ...

    def read(self, after: int, timeout_s: float) -> list[Event]:
        """Return all events with a number above `after`; wait up to `timeout_s` seconds if there are none yet.

        Return [] after the timeout. After `done`, return at once.
        """
        ...


MakeEventLog = Callable[[], EventLog]
