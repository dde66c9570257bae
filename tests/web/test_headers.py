"""Headers of every response, and of some kinds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from .api_client import SSE, converse, exchange

Answers = dict[str, TestResponse]


@pytest.fixture
def answers(make_app: Callable[..., Flask]) -> Answers:
    """One response of every kind, by status and path."""
    app = make_app()

    def broken() -> None:
        raise RuntimeError

    app.add_url_rule("/api/broken", view_func=broken)
    client = app.test_client()
    conversation = converse(client)
    turn = exchange(client, conversation)
    here = f"/api/conversations/{conversation}"
    responses = [
        client.get("/"),
        client.get("/c/1"),
        client.get(app.static_url_path + "/icon.svg"),
        client.get("/healthz"),
        client.get("/readyz"),
        client.get("/admin/memory-debug"),
        client.get("/admin/memory-debug", headers={"Accept": "text/html"}),
        client.get("/admin/memory-debug", environ_overrides={"REMOTE_ADDR": "192.0.2.1"}),
        client.get("/api/me"),
        client.get(here),
        client.head(here),
        client.options(here),
        client.post("/api/conversations"),
        client.post(f"{here}/turns", json={"text": "x"}, headers=SSE),
        client.post(f"/api/messages/{turn['message_id']}/regenerate"),
        client.get(f"/api/turns/{turn['id']}"),
        client.get(f"/api/turns/{turn['id']}/events"),
        client.post("/api/conversations", data=b"{", content_type="application/json"),
        client.post("/api/conversations", headers={"Origin": "null"}),
        client.get("/api/nothing"),
        client.get("/nothing"),
        client.put("/api/me"),
        client.post("/api/conversations", data=b"x" * 2**21, content_type="application/json"),
        client.post("/api/conversations", data=b"x", content_type="text/plain"),
        client.post(f"{here}/turns", json={}),
        client.get("/api/broken"),
    ]
    for answer in responses:
        answer.get_data()
        answer.close()
    assert {answer.status_code for answer in responses} == {200, 201, 202, 400, 403, 404, 405, 413, 415, 422, 500}
    return {
        f"{answer.status_code} {answer.request.method} {answer.request.path} {n}": answer
        for n, answer in enumerate(responses)
    }


def test_the_content_security_policy_is_on_all_of_them(answers: Answers) -> None:
    policies = {answer.headers.get("Content-Security-Policy") for answer in answers.values()}
    assert len(policies) == 1, policies
    directives = dict(directive.strip().split(" ", 1) for directive in policies.pop().split(";"))
    assert directives.pop("img-src") in ("'self'", "'self' data:")
    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "font-src": "'self'",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }


def test_no_browser_guesses_a_type_or_tells_others_where_it_was(answers: Answers) -> None:
    for name, answer in answers.items():
        assert answer.headers.get("X-Content-Type-Options") == "nosniff", name
        assert answer.headers.get("Referrer-Policy") == "same-origin", name
        assert not {"Server", "X-Powered-By"} & set(answer.headers.keys()), name


def test_nothing_of_the_api_is_kept_by_anybody_and_none_of_it_is_html(answers: Answers) -> None:
    checked = 0
    for name, answer in answers.items():
        if answer.request.path.startswith(("/api", "/admin")):
            assert answer.headers.getlist("Cache-Control") == ["no-store"], name
            checked += 1
    assert checked > 15
    for name, answer in answers.items():
        if answer.request.path.startswith("/api") and answer.data:
            assert answer.mimetype in ("application/json", "text/event-stream"), name
            assert "<" not in answer.text, name


def test_the_headers_of_a_stream(answers: Answers) -> None:
    streams = [answer for answer in answers.values() if answer.mimetype == "text/event-stream"]
    assert len(streams) == 2
    for answer in streams:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Accel-Buffering"] == "no"
        assert "Content-Length" not in answer.headers
        assert answer.mimetype_params in ({}, {"charset": "utf-8"})


def test_the_pages_speak_html(alice: FlaskClient) -> None:
    for path in ("/", "/c/1", "/c/" + "9" * 18):
        page = alice.get(path)
        assert (page.status_code, page.content_type) == (200, "text/html; charset=utf-8")
