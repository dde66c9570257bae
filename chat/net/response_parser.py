"""Parser of an HTTP/1.1 response whose bytes arrive in arbitrary pieces. llhttp parses; this module sets the limits."""

from __future__ import annotations

import httptools

from chat.net.cancel_scope import MAX_HEAD_BYTES
from chat.net.errors import InvalidResponse, UnparsableResponse

# Limit of the bytes between two pieces of the body: chunk sizes with their extensions, trailers.
MAX_FRAMING_BYTES = 64 * 1024


class ResponseParser:
    """The response to one request: call `feed`, check `has_head`, then call `read_body` until `complete`.

    llhttp is strict by default: a length beside a transfer coding, two lengths, bare line feeds, folded or malformed
    headers are errors. Interim responses (1xx) are skipped; another protocol is refused. Raises InvalidResponse for
    an invalid response, UnparsableResponse if another parser may accept it. `has_excess_data` tells whether data
    followed the response's end.
    """

    def __init__(self, bodiless: bool = False) -> None:
        """Create a parser; `bodiless` is for the response to HEAD, which has a length but no body."""
        self.has_head = False
        self.complete = False
        self.has_excess_data = False
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._bodiless = bodiless
        self._keeps_alive = False
        self._ends_with_connection = False
        self._pieces: list[bytes] = []
        self._framing_bytes = 0
        self._is_chunked = False
        self._before = b""  # the last four bytes before the current call of `feed`
        self.on_body = self._pieces.append  # called by the parser, like the methods below
        self._parser = httptools.HttpResponseParser(self)

    @property
    def keeps_connection(self) -> bool:
        """Return whether another request may be sent after this response."""
        return self.complete and self._keeps_alive

    def feed(self, data: bytes) -> None:
        count, was_complete = len(self._pieces), self.complete
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._keeps_alive = False
            if not self.complete:
                raise UnparsableResponse("the received bytes are no HTTP response") from error
            self.has_excess_data = True
        if self.complete and data and (was_complete or self._is_followed_by_line_ends(data, count)):
            self._keeps_alive = False
            self.has_excess_data = True
        # A slice, because a reference would keep all of `data` until the next piece arrives.
        self._before = data[-4:] if len(data) >= 4 else (self._before + data)[-4:]
        self._framing_bytes = 0 if len(self._pieces) > count else self._framing_bytes + len(data)
        if self._framing_bytes > (MAX_FRAMING_BYTES if self.has_head else MAX_HEAD_BYTES):
            raise InvalidResponse("too many bytes arrived that are no answer")

    def _is_followed_by_line_ends(self, data: bytes, count: int) -> bool:
        """Return whether line ends follow the response's end in `data`. llhttp skips them before the next response.

        `count` is the number of the body's pieces before `data`.
        """
        if len(self._pieces) > count and not self._is_chunked:
            body = self._pieces[-1]
            return not data.endswith(body) or (data != body and not body.strip(b"\r\n"))
        # The last line is empty, and the one before is not.
        end = (self._before + data)[-5:]
        return not end.endswith(b"\r\n\r\n") or end[:1] in (b"\r", b"\n")

    @property
    def has_body(self) -> bool:
        """Return whether `read_body` has something to return."""
        return bool(self._pieces)

    def read_body(self) -> bytes:
        """Return the body's bytes since the last call."""
        pieces = self._pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        return data

    def feed_eof(self) -> None:
        """End the response with the connection, if its framing allows that. Raises InvalidResponse otherwise."""
        if not self.has_head:
            raise InvalidResponse("the connection was closed before a response arrived")
        if not self._ends_with_connection:
            raise InvalidResponse("the connection was closed before the response was complete")
        self.complete = True

    def close(self) -> None:
        """Drop the parser. It refers to this object: a reference cycle that only the garbage collector would free."""
        del self._parser

    def on_message_begin(self) -> None:
        if self.complete:
            raise ValueError("a second response")  # the parser stops here; the connection is not used again

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.has_head:  # otherwise it is a trailer, which is ignored
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < 100:
            raise ValueError("an invalid status")
        if self.status < 200:
            self.headers.clear()
            return
        named = {name.lower() for name, _ in self.headers}
        codings = [value.strip().lower() for name, value in self.headers if name.lower() == b"transfer-encoding"]
        if codings and codings != [b"chunked"]:
            raise ValueError("a transfer coding that was not requested")
        self.has_head = True
        self._is_chunked = bool(codings)
        self._keeps_alive = self._parser.should_keep_alive() and not self._bodiless
        self._ends_with_connection = not codings and b"content-length" not in named
        self.complete = self._bodiless

    def on_message_complete(self) -> None:
        self.complete = self.has_head
