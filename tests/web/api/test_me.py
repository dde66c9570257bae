"""GET /api/me: the caller, and the features of the server."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from config.version import VERSION

from ..api_client import assert_shape


def test_its_shape(alice: FlaskClient) -> None:
    me = alice.get("/api/me")
    assert (me.status_code, me.content_type) == (200, "application/json")
    assert_shape(
        me.json,
        {
            "user": {"id": (int, type(None)), "name": (str, type(None))},
            "instructions": str,
            "welcome": {"greeting": str, "starters": [str]},
            "mode": str,
            "models": [str],
            "default_model": str,
            "limits": {"message_chars": int, "title_chars": int, "instruction_chars": int, "turn_seconds": float},
            "features": {
                "demo": bool,
                "search": bool,
                "share": bool,
                "temporary": bool,
                "archive": bool,
                "export_all": bool,
                "titles": bool,
                "export": [str],
            },
            "version": str,
        },
    )
    assert me.json["mode"] == "sync"
    assert me.json["version"] == VERSION


def test_without_an_endpoint_the_demo_is_offered(alice: FlaskClient) -> None:
    me = alice.get("/api/me").json
    assert (me["models"], me["default_model"], me["features"]["demo"]) == (["demo"], "demo", True)


def test_the_models_on_offer_and_their_default(make_app: Callable[..., Flask]) -> None:
    app = make_app(openai_api_key="k", chat_models=("small", "large"), turn_timeout_s=7.5)
    me = app.test_client().get("/api/me").json
    assert (me["models"], me["default_model"], me["features"]["demo"]) == (["small", "large"], "small", False)
    assert me["limits"]["turn_seconds"] == 7.5


def test_the_limits_it_names_are_those_that_hold(alice: FlaskClient) -> None:
    limits = alice.get("/api/me").json["limits"]
    title = "t" * limits["title_chars"]
    conversation = alice.post("/api/conversations", json={"title": title})
    assert conversation.json["title"] == title
    assert alice.post("/api/conversations", json={"title": title + "t"}).status_code == 422

    turns = f"/api/conversations/{conversation.json['id']}/turns"
    text = "x" * limits["message_chars"]
    assert alice.post(turns, json={"text": text + "x"}).status_code == 413
    assert alice.post(turns, json={"text": text}).status_code == 202
