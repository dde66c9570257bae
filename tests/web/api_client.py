"""Requests of the API's tests, and checks of responses: events, errors, shapes of JSON."""

from __future__ import annotations

import datetime
import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from scripts.kit.sse import Event, frames, read_events

SSE = {"Accept": "text/event-stream"}


def converse(client: FlaskClient, **fields: Any) -> int:
    """Begin a conversation and return its id."""
    answer = client.post("/api/conversations", json=fields)
    assert answer.status_code == 201, answer.text
    return answer.json["id"]


def token_of(client: FlaskClient) -> str:
    """Return the token in the browser's cookie."""
    cookie = client.get_cookie(client.application.extensions["parley"].web.tokens.cookie)
    assert cookie is not None
    return cookie.value


def ask(client: FlaskClient, conversation_id: int, text: str = "Hello", /, **fields: Any) -> dict[str, Any]:
    """Begin a turn and return the JSON of the 202 response."""
    started = client.post(f"/api/conversations/{conversation_id}/turns", json={"text": text, **fields})
    assert started.status_code == 202, started.text
    return started.json


def wait_for_turn(client: FlaskClient, started: dict[str, Any]) -> dict[str, Any]:
    """Wait for the end of a turn and return the turn."""
    assert client.get(started["events_url"]).data.endswith(b"\n\n")
    turn = client.get(f"/api/turns/{started['turn_id']}").json
    assert turn["status"] != "running"
    return turn


def exchange(client: FlaskClient, conversation_id: int, text: str = "Hello", /, **fields: Any) -> dict[str, Any]:
    """Begin a turn, wait for its end and return it."""
    return wait_for_turn(client, ask(client, conversation_id, text, **fields))


def events(stream: bytes) -> list[Event]:
    """Return the events of a whole stream. Fail on anything but events and comments."""
    assert stream == b"" or stream.endswith(b"\n\n")
    parsed = list(read_events([stream]))
    for event in parsed:
        assert re.fullmatch(rb"id: \d+\nevent: \w+\ndata: \{.*\}\n\n", event.raw), event.raw
    comments = [frame for frame in frames(stream) if frame.startswith(b":")]
    assert len(parsed) + len(comments) == len(frames(stream))
    return parsed


def assert_error(response: TestResponse, status: int, code: str, field: str | None = None) -> None:
    """Check an error response: its status, code and JSON shape."""
    assert (response.status_code, response.content_type) == (status, "application/json"), response.text
    error = response.json["error"]
    assert list(response.json) == ["error"]
    assert error["code"] == code
    assert error.get("field") == field
    assert set(error) == {"code", "message"} | ({"field"} if field else set())
    assert re.fullmatch(r"[A-Za-z_].{3,300}\.", error["message"]), error["message"]
    assert "Traceback" not in response.text


def assert_shape(value: Any, shape: Any) -> None:
    """Check a JSON value: a dict has exactly these keys, a type is that type, a tuple is one of several."""
    if isinstance(shape, dict):
        assert isinstance(value, dict), value
        assert set(value) == set(shape), value
        for key, inner in shape.items():
            assert_shape(value[key], inner)
    elif isinstance(shape, list):
        assert isinstance(value, list)
        for item in value:
            assert_shape(item, shape[0])
    elif isinstance(shape, tuple):
        assert type(value) in shape, value
    elif shape is utc_time:
        utc_time(value)
    else:
        assert type(value) is shape, value


def utc_time(value: Any) -> datetime.datetime:
    """Parse a time of the API: ISO 8601, UTC."""
    assert isinstance(value, str)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value), value
    return datetime.datetime.fromisoformat(value)
