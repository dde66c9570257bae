"""GET /healthz and GET /readyz."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chat.app import create_app
from chat.cancellation import Cancellation
from chat.errors import ModelRateLimited
from chat.messages import Delta, Message, TextDelta
from config.settings import Settings
from tests.conftest import ScriptedModel

from ...store.other_program import sql
from ..api_client import assert_error
from ..conftest import HeldAnswer


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
    sql(settings.database_url, "ALTER TABLE users RENAME TO away")
    refused = alice.get("/readyz")
    assert (refused.status_code, refused.content_type) == (503, "application/json")
    assert refused.json["status"] == "unavailable"
    assert refused.json["checks"]["database"].endswith(".")
    assert "users" not in refused.text
    assert settings.database_url.partition("//")[2] not in refused.text
    assert alice.get("/healthz").status_code == 200

    sql(settings.database_url, "ALTER TABLE away RENAME TO users")
    assert alice.get("/readyz").status_code == 200


@pytest.mark.sqlite("a folder is where the file should be")
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


def test_a_deep_check_asks_the_model(alice: FlaskClient, model: ScriptedModel) -> None:
    model.will(TextDelta("ready"))
    answer = alice.get("/readyz?deep=1")
    assert (answer.status_code, answer.json["status"], answer.json["checks"]["model"]) == (200, "ready", "answers")
    assert answer.json["checks"]["model_ms"] >= 0
    assert len(model.seen) == 1
    assert alice.get("/readyz?deep=0").json["checks"]["model"] == "demo"
    assert len(model.seen) == 1


def test_a_deep_check_says_why_the_model_does_not_answer(alice: FlaskClient, model: ScriptedModel) -> None:
    def limited(_messages: Sequence[Message], _cancellation: Cancellation) -> Iterator[Delta]:
        raise ModelRateLimited("The model's endpoint is busy.")
        yield

    model.will_run(limited)
    answer = alice.get("/readyz?deep=1")
    assert (answer.status_code, answer.json["checks"]["model"]) == (503, "The model's endpoint is busy.")
    model.will()
    answer = alice.get("/readyz?deep=1")
    assert (answer.status_code, answer.json["status"]) == (503, "unavailable")
    assert answer.json["checks"]["model"] == "The model finished without an answer."


def test_a_deep_check_is_bounded_in_time(make_app: Callable[..., Flask], model: ScriptedModel) -> None:
    client = make_app(model_timeout_s=0.2).test_client()

    def silent(_messages: Sequence[Message], cancellation: Cancellation) -> Iterator[Delta]:
        threading.Event().wait(cancellation.remaining_s())
        cancellation.check()
        yield TextDelta("late")

    model.will_run(silent)
    answer = client.get("/readyz?deep=1")
    assert answer.status_code == 503
    assert answer.json["checks"]["model"] == "The model has not answered within 0.2 seconds."


def test_one_deep_check_at_a_time(app: Flask, held: HeldAnswer, model: ScriptedModel) -> None:
    first: list[int] = []
    asking = threading.Thread(target=lambda: first.append(app.test_client().get("/readyz?deep=1").status_code))
    asking.start()
    while not model.seen:
        threading.Event().wait(0.01)
    assert_error(app.test_client().get("/readyz?deep=1"), 429, "busy")
    held.go()
    asking.join()
    assert first == [200]


def test_only_operators_may_ask_the_model(make_app: Callable[..., Flask], model: ScriptedModel) -> None:
    client = make_app(admin_token="canary-token").test_client()
    assert_error(client.get("/readyz?deep=1"), 401, "unauthorized")
    assert_error(client.get("/readyz?deep=yes"), 422, "invalid_value", "deep")
    assert client.get("/readyz").status_code == 200
    assert model.seen == []
    assert client.get("/readyz?deep=1", headers={"Authorization": "Bearer canary-token"}).status_code == 200
