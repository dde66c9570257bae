"""Parser of server-sent events whose bytes arrive in arbitrary pieces.

It handles only the framing: lines, fields, events. `deltas` interprets the data. A JSON document instead of a stream is
one event, which ends with the body.
"""

from __future__ import annotations

from chat.errors import ModelGarbled

MAX_EVENT_BYTES = 1024 * 1024

# For a whole answer in one JSON document.
MAX_DOCUMENT_BYTES = 8 * 1024 * 1024
_BLANKS_BEFORE_DOCUMENT = 1024

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Bytes that some servers put before a line, or between events.
_STRAY_BYTES = _BYTE_ORDER_MARK + b"\0 \t"


class EventParser:
    """Incremental parser: returns each event as `(name, data)` once it is complete.

    `name` is b"" if the server gave none; several lines of `data` are joined by newlines. Lines end in LF, CRLF or CR.
    Data may lack its field's name, and an event its data.
    Raises ModelGarbled if a line, an event or a document grows too large.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._name = b""
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._first_line = True
        self._after_cr = False
        self._document: bytearray | None = None

    def feed(self, received: bytes) -> list[tuple[bytes, bytes]]:
        """Return the events that `received` completes."""
        events: list[tuple[bytes, bytes]] = []
        between = not (self._line or self._data or self._name) and self._document is None
        if between and received.startswith(b"data: "):
            # The usual case: events of one data line each. Then there are no other line breaks.
            whole, end, rest = received.rpartition(b"\n\n")
            parts = whole[6:].split(b"\n\ndata: ")
            if end and whole.count(b"\n") == 2 * (len(parts) - 1) and b"\r" not in whole:
                events = [(b"", data) for data in parts]
                received = rest
                self._first_line = False
                if not received:
                    return events
        elif self._document is not None or (self._first_line and self._begins_document(received)):
            self._extend_document(received)
            return events
        if self._after_cr or b"\r" in received:
            received = self._with_line_feeds(received)
        self._read(received, events)
        return events

    def end(self) -> list[tuple[bytes, bytes]]:
        """Return the unfinished rest at the body's end: the last event may lack its empty line."""
        events: list[tuple[bytes, bytes]] = []
        if self._document is not None:
            return [(b"", bytes(self._document).removeprefix(_BYTE_ORDER_MARK))]
        self._read(b"\n\n", events)
        return events

    @property
    def has_document(self) -> bool:
        """Return whether the stream is a JSON document instead of events."""
        return self._document is not None

    @property
    def is_between_events(self) -> bool:
        """Return whether the next byte begins an event; False before the first event."""
        return not (self._line or self._data or self._name or self._first_line)

    def _begins_document(self, received: bytes) -> bool:
        if len(self._line) > _BLANKS_BEFORE_DOCUMENT:
            return False
        start = (bytes(self._line) + received).removeprefix(_BYTE_ORDER_MARK).lstrip()
        return start.startswith((b"{", b"["))

    def _extend_document(self, received: bytes) -> None:
        if self._document is None:
            self._document = self._line
        self._document += received
        if len(self._document) > MAX_DOCUMENT_BYTES:
            raise _too_long()

    def _with_line_feeds(self, received: bytes) -> bytes:
        """Return the bytes with every line ending in LF. A CR ends its line at once; an LF after it belongs to it."""
        if self._after_cr and received.startswith(b"\n"):
            received = received[1:]
            self._after_cr = False
        if received:
            self._after_cr = received.endswith(b"\r")
        return received.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _read(self, received: bytes, events: list[tuple[bytes, bytes]]) -> None:
        """Append the events that are completed, line by line."""
        *lines, unfinished = received.split(b"\n")
        for line in lines:
            if self._line:
                # Only a line's end is joined to its beginning, so that a long line in small pieces costs no more than
                # its length.
                self._line += line
                whole = bytes(self._line)
                self._line.clear()
            else:
                whole = line
            self._read_line(whole, events)
        self._line += unfinished
        if len(self._line) > MAX_EVENT_BYTES:
            raise _too_long()

    def _read_line(self, line: bytes, events: list[tuple[bytes, bytes]]) -> None:
        if self._first_line:
            line = line.removeprefix(_BYTE_ORDER_MARK)
            self._first_line = not line.strip()
        if line.startswith(b"data:"):
            self._add(line[6:] if line.startswith(b"data: ") else line[5:])
        elif not line:
            if self._data or self._name:
                events.append((self._name, self._data[0] if len(self._data) == 1 else b"\n".join(self._data)))
                self._data.clear()
                self._data_bytes = 0
            self._name = b""
        elif not line.startswith(b":"):
            self._read_other_line(line)

    def _read_other_line(self, line: bytes) -> None:
        """Read an event's name, or a line that deviates: blanks before its field, JSON without a field."""
        line = line.lstrip(_STRAY_BYTES)
        field, colon, value = line.partition(b":")
        match field.rstrip().lower():
            case b"event" if colon:
                self._name = value.strip().lower()
            case b"data" | b"error" as name if colon:
                if name == b"error" and not self._data:
                    self._name = name
                self._add(value.removeprefix(b" "))
            case _ if line.startswith((b"{", b"[")):
                self._add(line)

    def _add(self, data: bytes) -> None:
        self._data_bytes += len(data) + 1
        if self._data_bytes > MAX_EVENT_BYTES:
            raise _too_long()
        self._data.append(data)


def _too_long() -> ModelGarbled:
    return ModelGarbled("The model's endpoint sent a line that is too long to be a part of an answer.")
