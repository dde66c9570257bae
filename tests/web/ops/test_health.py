"""GET /healthz and GET /readyz."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from chat.app import create_app
from config.settings import Settings

from ...store.engines import sqlite_path
from ..api_client import assert_error


def test_alive(alice: FlaskClient) -> None:
    answer = alice.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_ready(alice: FlaskClient) -> None:
    answer = alice.get("/readyz")
    assert (answer.status_code, answer.json) == (
        200,
        {"status": "ready", "checks": {"database": "ok", "model": "demo"}},
    )


def test_ready_with_an_endpoint(make_app: Callable[..., Flask]) -> None:
    client = make_app(openai_api_key="canary-key", openai_base_url="http://127.0.0.1:9/v1").test_client()
    answer = client.get("/readyz")
    assert answer.json == {"status": "ready", "checks": {"database": "ok", "model": "configured"}}


def test_alive_but_not_ready_while_the_database_is_unusable(alice: FlaskClient, settings: Settings) -> None:
    assert alice.get("/readyz").status_code == 200
    database = sqlite3.connect(sqlite_path(settings))
    database.execute("ALTER TABLE users RENAME TO away")
    database.commit()
    refused = alice.get("/readyz")
    assert (refused.status_code, refused.content_type) == (503, "application/json")
    assert refused.json["status"] == "unavailable"
    assert refused.json["checks"]["database"].endswith(".")
    assert "users" not in refused.text
    assert str(sqlite_path(settings)) not in refused.text
    assert alice.get("/healthz").status_code == 200

    database.execute("ALTER TABLE away RENAME TO users")
    database.commit()
    database.close()
    assert alice.get("/readyz").status_code == 200


def test_not_ready_while_there_is_no_database(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "chat.db").mkdir()
    app = create_app(settings)
    for path in ("/readyz", "/api/me", "/api/conversations"):
        answer = app.test_client().get(path)
        assert_error(answer, 503, "database_unavailable")
        assert int(answer.headers["Retry-After"]) >= 1

    (tmp_path / "chat.db").rmdir()
    assert app.test_client().get("/readyz").status_code == 200
    app.extensions["parley"].stop()
