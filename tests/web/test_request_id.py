"""The identifier of a request, from its arrival to the records of its turn."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from config import log_fields

GENERATED = re.compile(r"[0-9a-f]{16}")


@pytest.fixture
def records() -> Iterator[list[tuple[str, dict]]]:
    """The program's log records: message and fields."""
    seen: list[tuple[str, dict]] = []

    class Seen(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append((record.getMessage(), dict(log_fields.current())))

    handler = Seen()
    logger = logging.getLogger("chat")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield seen
    logger.removeHandler(handler)
    logger.setLevel(before)


@pytest.mark.parametrize("path", ["/healthz", "/", "/api/me", "/api/conversations/7", "/no/such", "/static/js/main.js"])
def test_every_response_has_one(alice: FlaskClient, path: str) -> None:
    first, second = (alice.get(path).headers["X-Request-ID"] for _ in range(2))
    assert GENERATED.fullmatch(first)
    assert GENERATED.fullmatch(second)
    assert first != second


@pytest.mark.parametrize(
    "request_id", ["7", "8c1f4f2e-9a4b-4f2e-8b66-1c2d3e4f5a6b", "1-67891233-abcdef012345678912345678", "a" * 128]
)
def test_a_proxys_is_kept(alice: FlaskClient, request_id: str) -> None:
    assert alice.get("/healthz", headers={"X-Request-ID": request_id}).headers["X-Request-ID"] == request_id


@pytest.mark.parametrize(
    "request_id", ["", " ", "a b", "a\tb", 'a"b', "=x", "\u00e9", "<script>", "a" * 129, "${jndi:x}", "%0a"]
)
def test_another_text_is_replaced(alice: FlaskClient, request_id: str) -> None:
    assert GENERATED.fullmatch(alice.get("/healthz", headers={"X-Request-ID": request_id}).headers["X-Request-ID"])


def test_the_records_of_a_turn_have_it(alice: FlaskClient, records: list[tuple[str, dict]], model) -> None:
    def fail(_messages, _cancellation) -> Iterator[object]:
        raise RuntimeError("a fault of the program")
        yield

    model.will_run(fail)
    conversation = alice.post("/api/conversations").json["id"]
    response = alice.post(
        f"/api/conversations/{conversation}/turns",
        json={"text": "Hello"},
        headers={"X-Request-ID": "req-1", "Accept": "text/event-stream"},
    )
    assert b"event: done" in response.data
    turn = int(re.search(rb'"turn_id":(\d+)', response.data)[1])
    fields = {"request": "req-1", "conversation": conversation, "turn": turn}
    started, failed = [seen for message, seen in records if "agent for conversation" in message or "failed" in message]
    assert started == failed == fields


def test_the_next_request_has_none_of_it(alice: FlaskClient, records: list[tuple[str, dict]]) -> None:
    conversation = alice.post("/api/conversations").json["id"]
    _ = alice.post(
        f"/api/conversations/{conversation}/turns", json={"text": "Hello"}, headers={"Accept": "text/event-stream"}
    ).data
    alice.get("/healthz", headers={"X-Request-ID": "req-2"})
    assert log_fields.current() == {"request": "req-2"}
