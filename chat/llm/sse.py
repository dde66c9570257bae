"""Server-sent events, out of bytes that arrive cut anywhere.

Only the framing lives here: lines, fields, events. What the data means is `deltas`' business.
"""

from __future__ import annotations

from chat.errors import ModelGarbled

MAX_EVENT_BYTES = 1024 * 1024

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventParser:
    """Takes bytes as they come and gives each event once it is whole, as `(name, data)`.

    `name` is b"" unless the server gave one; the lines of a longer `data` are joined by newlines. Lines
    end in LF or CRLF. An event that the stream's end cuts off is dropped. Raises ModelGarbled when a line
    or an event grows past `MAX_EVENT_BYTES`.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._name = b""
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._first_line = True

    def feed(self, received: bytes) -> list[tuple[bytes, bytes]]:
        """The events that `received` completes."""
        events: list[tuple[bytes, bytes]] = []
        if received.startswith(b"data: ") and self.is_between_events:
            # As nearly always: one event after the other, each a line of data. Then there are no other line breaks.
            whole, end, rest = received.rpartition(b"\n\n")
            found = whole[6:].split(b"\n\ndata: ")
            if end and whole.count(b"\n") == 2 * (len(found) - 1) and b"\r" not in whole:
                events = [(b"", data) for data in found]
                received = rest
        self._read(received, events)
        return events

    @property
    def is_between_events(self) -> bool:
        """Whether what comes next begins an event; not so before the first."""
        return not (self._line or self._data or self._name or self._first_line)

    def _read(self, received: bytes, events: list[tuple[bytes, bytes]]) -> None:
        """Add the events that are completed, line by line."""
        *lines, unfinished = received.split(b"\n")
        for line in lines:
            if self._line:
                # Only a line's end is joined to its beginning, so that a long line dripping in costs no
                # more than its length.
                self._line += line
                whole = bytes(self._line)
                self._line.clear()
            else:
                whole = line
            self._take(whole[:-1] if whole.endswith(b"\r") else whole, events)
        self._line += unfinished
        _limit(len(self._line))

    def _take(self, line: bytes, events: list[tuple[bytes, bytes]]) -> None:
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if line.startswith(b"data:"):
            self._add(line[6:] if line.startswith(b"data: ") else line[5:])
        elif not line:
            if self._data:
                events.append((self._name, self._data[0] if len(self._data) == 1 else b"\n".join(self._data)))
                self._data.clear()
                self._data_bytes = 0
            self._name = b""
        elif line.startswith(b"event:"):
            self._name = line[6:].strip()

    def _add(self, data: bytes) -> None:
        self._data_bytes += len(data) + 1
        _limit(self._data_bytes)
        self._data.append(data)


def _limit(size: int) -> None:
    if size > MAX_EVENT_BYTES:
        raise ModelGarbled("The model's endpoint sent a line that is too long to be a part of an answer.")
