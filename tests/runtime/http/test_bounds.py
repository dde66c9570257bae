"""Refusals as a client receives them: complete HTTP, JSON, and the end of the connection."""

from __future__ import annotations

import json
from http.client import HTTPResponse
from io import BytesIO
from typing import Any

import pytest

from chat.runtime.http import bounds
from chat.runtime.http.bounds import Bounds, Refusal

REFUSALS = [
    (bounds.too_slow(), 408, "request_timeout", None),
    (bounds.head_too_large(), 431, "headers_too_large", None),
    (bounds.body_too_large(), 413, "too_large", None),
    (bounds.bad_body("its chunks are odd <b>"), 400, "bad_request", None),
    (bounds.overloaded(), 503, "overloaded", "5"),
]


class _Socket:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: Any) -> BytesIO:
        return BytesIO(self._data)


@pytest.mark.parametrize(("refusal", "status", "code", "retry_after"), REFUSALS)
def test_a_refusal_is_a_whole_answer(refusal: Refusal, status: int, code: str, retry_after: str | None) -> None:
    answer = HTTPResponse(_Socket(refusal.response))  # type: ignore[arg-type]
    answer.begin()
    body = answer.read()
    assert (answer.status, answer.headers["Connection"]) == (status, "close")
    assert (answer.headers["Content-Type"], answer.headers["Retry-After"]) == ("application/json", retry_after)
    assert int(answer.headers["Content-Length"]) == len(body)
    assert refusal.response.endswith(b"\r\n\r\n" + body)
    error = json.loads(body)["error"]
    assert error["code"] == code
    # It says nothing that came from the request, or from the program.
    assert str(refusal) not in error["message"]


def test_the_bounds_leave_room_for_what_the_api_takes() -> None:
    """The bounds allow the largest body that the application accepts, and many small bodies beside it."""
    from chat.web.api.json_body import BODY_BYTES

    bounds = Bounds(30)
    assert bounds.request_s == 30
    assert bounds.body_bytes >= BODY_BYTES
    assert bounds.small_body_bytes < bounds.body_bytes < bounds.bodies_bytes
