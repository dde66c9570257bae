"""JSON responses for requests that gunicorn refuses before they reach the application.

Also translates errors in a chunked body, and X-Forwarded-Proto lists of several proxies.
"""

from __future__ import annotations

import functools
import json
from http import HTTPStatus
from typing import Any

from gunicorn import util
from gunicorn.http import parser
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import ParseException
from gunicorn.http.message import Request

# Own messages, because gunicorn's quote the request.
_BY_STATUS = {
    403: ("forbidden", "The request is not allowed."),
    408: ("request_timeout", "The request took too long to arrive."),
    413: ("too_large", "The request is larger than this server takes."),
    414: ("too_large", "The address is longer than this server takes."),
    417: ("expectation_failed", "The server does not support the request's Expect header."),
    431: ("headers_too_large", "The request's headers are larger than this server takes."),
    501: ("not_implemented", "The server does not know this transfer coding."),
    503: ("overloaded", "The server has too much to do; try again in a moment."),
}
_MALFORMED = ("bad_request", "The request is malformed.")
_UNFORESEEN = ("internal", "Something went wrong in the server; its log says what.")


def install() -> None:
    """Have gunicorn use these in this process."""
    util.write_error = write_error
    parser.RequestParser.mesg_class = ProxiedRequest


TRAILER_BYTES = 8192


@functools.cache
def response(status: int, retry_after_s: int = 0) -> bytes:
    """Return a complete response that refuses a request and closes the connection."""
    code, message = _BY_STATUS.get(status, _UNFORESEEN if status >= HTTPStatus.INTERNAL_SERVER_ERROR else _MALFORMED)
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nContent-Length: {len(body)}\r\n"
    )
    retry = f"Retry-After: {retry_after_s}\r\n" if retry_after_s else ""
    return f"{head}{retry}\r\n".encode() + body


def write_error(sock: Any, status_int: int, _reason: str, _message: str) -> None:
    """Replace gunicorn's function of this name."""
    util.write_nonblock(sock, response(status_int))


class _Chunks:
    """Reader of a chunked body that raises OSError for malformed chunks, as for a broken connection."""

    def __init__(self, reader: ChunkedReader) -> None:
        # gunicorn counts the lines of all trailers again at each read, and its limit, that of a head, is too high.
        reader.limit_trailer_section = TRAILER_BYTES
        self._reader = reader

    def read(self, size: int) -> bytes:
        try:
            data: bytes = self._reader.read(size)
        except ParseException as error:
            raise OSError(str(error)) from error
        return data


class ProxiedRequest(Request):  # type: ignore[misc]  # gunicorn has no types
    """Request whose X-Forwarded-Proto may be a list. Its first value is the browser's scheme."""

    def set_body_reader(self) -> None:
        super().set_body_reader()
        if isinstance(self.body.reader, ChunkedReader):
            self.body.reader = _Chunks(self.body.reader)

    def _apply_header_policy(
        self, name: str, value: str, scheme_state: list[bool], seen: set[str], secure_scheme_headers: Any, *more: Any,
        **named: Any,
    ) -> tuple[str, str] | None:  # fmt: skip
        if name in secure_scheme_headers:
            first_value = value.partition(",")[0].strip(" \t").lower()
            if name in seen:  # the list may be split into several lines
                return name, value
            seen.add(name)
            super()._apply_header_policy(name, first_value, scheme_state, seen, secure_scheme_headers, *more, **named)
            return name, value
        result: tuple[str, str] | None = super()._apply_header_policy(
            name, value, scheme_state, seen, secure_scheme_headers, *more, **named
        )
        return result
