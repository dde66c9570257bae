"""An incremental parser of an HTTP/1.1 response: its head, and its body without the framing of chunks."""

from __future__ import annotations

import http.client
import io

from scripts.concurrency.errors import Failure

_LONGEST_HEAD = 65_536


class ResponseParser:
    """Parser of one response. `status` is 0 until the head is complete; `complete`: the body is."""

    def __init__(self) -> None:
        self.status = 0
        self.reason = ""
        self.content_type = ""
        self.complete = False
        self._rest = b""
        self._left: int | None = None  # bytes to come, of the body or of a chunk with its line end; None: unknown
        self._chunked = False

    def feed(self, data: bytes) -> bytes:
        """Return the part of the body in `data`. Raises Failure if the response is not HTTP."""
        if not self.status:
            data = self._head(self._rest + data)
            if not self.status:
                return b""
        if self._chunked:
            return self._unchunk(data)
        if self._left is not None:
            self._left -= len(data)
            self.complete = self._left <= 0
        return data

    @property
    def may_end_here(self) -> bool:
        """Return whether the connection may be closed now without a loss."""
        return self.complete or (self.status > 0 and not self._chunked and self._left is None)

    def _head(self, data: bytes) -> bytes:
        head, end, body = data.partition(b"\r\n\r\n")
        if not end:
            if len(data) > _LONGEST_HEAD:
                raise Failure("not_http", "The server's response is not HTTP.")
            self._rest = data
            return b""
        status_line, _, fields = head.partition(b"\r\n")
        version, _, status = status_line.partition(b" ")
        if not version.startswith(b"HTTP/1.") or not status[:3].isdigit():
            raise Failure("not_http", "The server's response is not HTTP.")
        headers = http.client.parse_headers(io.BytesIO(fields + b"\r\n\r\n"))
        self.status, self.reason = int(status[:3]), status[4:].decode("latin-1")
        self.content_type = headers.get_content_type()
        self._chunked = "chunked" in (headers.get("Transfer-Encoding") or "").lower()
        length = headers.get("Content-Length") or ""
        self._left = 0 if self._chunked else int(length) if length.isdigit() else None
        self._rest = b""
        return body

    def _unchunk(self, data: bytes) -> bytes:
        data = self._rest + data
        parts = []
        while data and not self.complete:
            if not self._left:
                size, end, after = data.partition(b"\r\n")
                if not end:
                    break
                self._left, data = self._chunk(size), after
                self.complete = self._left == 2
                continue
            part = data[: self._left]
            # The received part of the line end after the chunk.
            parts.append(part[: max(0, self._left - 2)])
            self._left -= len(part)
            data = data[len(part) :]
        self._rest = b"" if self.complete else data
        return b"".join(parts)

    def _chunk(self, size: bytes) -> int:
        try:
            return int(size.partition(b";")[0], 16) + 2
        except ValueError:
            raise Failure("not_http", "A chunk of the answer has no size.") from None
