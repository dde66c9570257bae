"""Invalid request bodies: refused with an error, and nothing is stored."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ..api_client import ask, assert_error, converse, exchange, wait_for_turn

JSON = {"Content-Type": "application/json"}
Send = Callable[..., TestResponse]

NESTED = 100_000


@pytest.fixture(params=["conversation", "change", "turn", "regenerate"])
def send(request: pytest.FixtureRequest, alice: FlaskClient) -> Send:
    """Return a function that sends a body to each route that reads one."""
    conversation = converse(alice)
    answer = exchange(alice, conversation)["message_id"]
    method, path = {
        "conversation": ("POST", "/api/conversations"),
        "change": ("PATCH", f"/api/conversations/{conversation}"),
        "turn": ("POST", f"/api/conversations/{conversation}/turns"),
        "regenerate": ("POST", f"/api/messages/{answer}/regenerate"),
    }[request.param]
    before = everything(alice)

    def send(data: bytes | None = None, headers: dict[str, str] = JSON, **more: Any) -> TestResponse:
        response = alice.open(path, method=method, data=data, headers=headers, **more)
        assert everything(alice) == before
        return response

    return send


def everything(client: FlaskClient) -> list[Any]:
    listed = client.get("/api/conversations").json["items"]
    return [client.get(f"/api/conversations/{item['id']}").json for item in listed]


MALFORMED = {
    "a brace": b"{",
    "no value": b'{"text":}',
    "two values": b'{"text":"x"} {}',
    "a comma too many": b'{"text":"x",}',
    "single quotes": b"{'text':'x'}",
    "a comment": b'{"text":"x"} // x',
    "NaN": b'{"text":"x","y":NaN}',
    "not UTF-8": b'{"text":"\xff","title":"\xff","model":"\xff"}',
    "longer UTF-8 than needed": b'{"text":"\xc0\xaf","title":"\xc0\xaf","model":"\xc0\xaf"}',
    "UTF-16": '{"text":"x"}'.encode("utf-16"),
    "a surrogate in UTF-8": b'{"text":"\xed\xa0\x80","title":"\xed\xa0\x80","model":"\xed\xa0\x80"}',
    "a lone surrogate": rb'{"text":"\ud800","title":"\ud800","model":"\ud800"}',
    "a lone low surrogate": rb'{"text":"x\udc00","title":"x\udc00","model":"x\udc00"}',
    "surrogates in the wrong order": rb'{"text":"\udc00\ud800","title":"\udc00\ud800","model":"\udc00\ud800"}',
    "a bare NUL": b'{"text":"a\x00b","title":"a\x00b","model":"a\x00b"}',
    "a bare line break": b'{"text":"a\nb","title":"a\nb","model":"a\nb"}',
    "arrays without end": b'{"x":' + b"[" * NESTED,
    "nested arrays": b'{"x":' + b"[" * NESTED + b"]" * NESTED + b"}",
    "nested objects": b'{"x":' + b'{"x":' * NESTED + b"1" + b"}" * NESTED + b"}",
    "random bytes": bytes(range(256)),
}


def test_invalid_json(send: Send, subtests: pytest.Subtests) -> None:
    for name, body in MALFORMED.items():
        with subtests.test(name):
            assert_error(send(body), 400, "malformed_json")


def test_json_that_is_no_object(send: Send, subtests: pytest.Subtests) -> None:
    for body in (b"[]", b"null", b'"x"', b"5", b"true", b"[" * NESTED):
        with subtests.test(body[:9]):
            assert_error(send(body), 422, "invalid_value")


OTHER_TYPES = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/jsonp",
    "json",
    "\xff",
]


def test_another_content_type(send: Send, subtests: pytest.Subtests) -> None:
    for content_type in OTHER_TYPES:
        for body in (b'{"text":"x","title":"x","model":null}', b""):
            with subtests.test(content_type, body=body):
                assert_error(send(body, {"Content-Type": content_type}), 415, "unsupported_media_type")


def test_a_body_of_no_type(send: Send) -> None:
    assert_error(send(b'{"text":"x"}', {}), 415, "unsupported_media_type")


def test_a_body_that_is_too_large(send: Send) -> None:
    for size in (1024 * 1024 + 1, 2 * 1024 * 1024):
        body = b'{"y":"%s"}' % (b"x" * (size - 8))
        assert len(body) == size
        assert_error(send(body), 413, "too_large")


def chunked(body: bytes) -> dict[str, Any]:
    """Return the environ of a body of unknown length, as gunicorn passes it."""
    return {
        "data": None,
        "input_stream": io.BytesIO(body),
        "environ_overrides": {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True},
    }


def test_a_chunked_body_that_is_too_large(send: Send) -> None:
    assert_error(send(**chunked(b'{"y":"' + b"x" * 2 * 1024 * 1024 + b'"}')), 413, "too_large")


def test_data_after_the_limit_of_a_chunked_body_is_not_ignored(send: Send) -> None:
    body = b'{"text":"x","title":"x"}'
    assert_error(send(**chunked(body.ljust(1024 * 1024) + b"garbage")), 413, "too_large")


def test_a_chunked_body_is_as_good_as_any(alice: FlaskClient) -> None:
    answer = alice.post("/api/conversations", headers=JSON, **chunked(b'{"title":"In pieces"}'))
    assert (answer.status_code, answer.json["title"]) == (201, "In pieces")


def test_a_body_that_ends_early(alice: FlaskClient) -> None:
    body = {"data": None, "input_stream": io.BytesIO(b'{"title":"Cut'), "content_length": 500}
    assert_error(alice.post("/api/conversations", headers=JSON, **body), 400, "malformed_json")


def test_the_charset_of_json_is_no_concern(alice: FlaskClient) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    answer = alice.post("/api/conversations", data='{"title":"Zürich"}'.encode(), headers=headers)
    assert (answer.status_code, answer.json["title"]) == (201, "Zürich")


LARGE = "9" * 5000

# A field of a new turn, and JSON values that are invalid for it.
WRONG_VALUES = {
    "text": [
        "null",
        "5",
        "true",
        '["x"]',
        '{"text": "x"}',
        LARGE,
        "[" * NESTED + "]" * NESTED,
        r'"a\u0000b"',
    ],
    "client_id": ["5", "[]", LARGE],
    "parent_id": [
        '"1"',
        "0",
        "-1",
        "true",
        "1.5",
        "1e400",
        "[1]",
        str(2**63),
        str(2**64),
        str(-(2**64)),
        LARGE,
        "-" + LARGE,
    ],
    "model": ["5", '["demo"]', '{"name": "demo"}'],
}


def test_a_questions_wrong_fields_are_named(alice: FlaskClient, conversation: int, subtests: pytest.Subtests) -> None:
    turns = f"/api/conversations/{conversation}/turns"
    for field, values in WRONG_VALUES.items():
        for value in values:
            with subtests.test(field, value=value[:20]):
                body = f'{{"text": {value}}}' if field == "text" else f'{{"text": "x", "{field}": {value}}}'
                assert_error(alice.post(turns, data=body, headers=JSON), 422, "invalid_value", field)
    assert_error(alice.post(turns, json={}), 422, "invalid_value", "text")
    assert alice.get(f"/api/conversations/{conversation}").json["messages"] == []


def test_a_new_conversations_wrong_title(alice: FlaskClient, subtests: pytest.Subtests) -> None:
    for value in ("5", "true", "null", "[]", "{}", LARGE, r'"a\u0000b"'):
        with subtests.test(value[:20]):
            answer = alice.post("/api/conversations", data=f'{{"title": {value}}}', headers=JSON)
            assert_error(answer, 422, "invalid_value", "title")


def test_unknown_fields_are_ignored(alice: FlaskClient, conversation: int) -> None:
    body = {"text": "x", "user_id": 1, "conversation_id": 999, "role": "system", "base_url": "http://127.0.0.1:9"}
    turn = wait_for_turn(alice, ask(alice, conversation, **body))
    assert (turn["conversation_id"], turn["text"]) == (conversation, "You said: x")
    question = alice.get(f"/api/conversations/{conversation}").json["messages"][0]
    assert question["role"] == "user"


def test_a_pair_of_surrogates_is_a_character(alice: FlaskClient, conversation: int) -> None:
    body = json.dumps({"text": "🜨 x"})
    assert "\\ud83d" in body
    started = alice.post(f"/api/conversations/{conversation}/turns", data=body, headers=JSON)
    assert wait_for_turn(alice, started.json)["text"] == "You said: 🜨 x"


def test_a_body_that_is_not_needed_is_not_read(alice: FlaskClient, conversation: int) -> None:
    for method, path in (
        ("GET", f"/api/conversations/{conversation}"),
        ("DELETE", f"/api/conversations/{conversation}"),
    ):
        answer = alice.open(path, method=method, data=b"\xff{", headers=JSON)
        assert answer.status_code in (200, 204)
