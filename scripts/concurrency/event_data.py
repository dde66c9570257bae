"""JSON of events and responses."""

from __future__ import annotations

import json
from typing import Any

from scripts.concurrency.errors import Failure


def json_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object of an event. Raises Failure if it is none."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Failure("not_the_contract", "An event's data is not a JSON object.")
    return value


def response_object(status: int, reason: str, body: bytes) -> dict[str, Any]:
    """Return the JSON object of a successful response. Raises Failure with the server's error code."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if status >= 400:
        error = value.get("error") if isinstance(value, dict) else None
        named: dict[str, Any] = error if isinstance(error, dict) else {}
        raise Failure(str(named.get("code") or f"http_{status}"), str(named.get("message") or reason), status)
    if not isinstance(value, dict):
        raise Failure("not_the_contract", "The response is not a JSON object.", status)
    return value
