"""A request that fails is freed from memory at once, with its body."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ..reference_cycles import no_reference_cycles
from ..store.engines import write_lock

_JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/api/nothing", 404),
        ("POST", "/", 405),
        ("GET", "/nothing", 404),
        ("GET", "/api/turns/999999", 404),
        ("POST", "/api/turns/999999/stop", 404),
        ("GET", "/api/turns/999999/events", 404),
        ("DELETE", "/api/conversations/999999", 404),
        ("POST", "/api/messages/999999/regenerate", 404),
        ("POST", "/api/conversations", 422),
        ("GET", "/s/none", 404),
    ],
)
def test_a_refused_request_leaves_no_circles(alice: FlaskClient, method: str, path: str, status: int) -> None:
    alice.post("/api/conversations", json={})

    def ask() -> None:
        answer = alice.open(path, method=method, data=b"[" * 1000, headers=_JSON)
        assert answer.status_code == status, answer.text
        answer.close()

    ask()
    with no_reference_cycles():
        ask()


def test_a_request_for_a_foreign_host_leaves_no_circles(make_app: Callable[..., Flask]) -> None:
    client = make_app(allowed_hosts=("chat.example",)).test_client()

    def ask() -> None:
        client.post("/api/nothing", data=b"[" * 1000, headers={"Host": "evil.example"}).close()

    ask()
    with no_reference_cycles():
        ask()


def test_a_locked_database_leaves_no_circles(alice: FlaskClient) -> None:
    engine = alice.application.extensions["parley"].store.engine
    engine.lock_timeout_s = 0.1
    alice.post("/api/conversations", json={})
    with write_lock(engine):

        def ask() -> None:
            assert alice.post("/api/conversations", json={}).status_code == 503

        ask()
        with no_reference_cycles():
            ask()
