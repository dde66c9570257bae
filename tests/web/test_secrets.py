"""Keys, tokens, cookies and messages appear in no foreign response, no log and not on the terminal."""

from __future__ import annotations

import dataclasses
import http.server
import json
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chat.app import create_app
from chat.llm.openai.client import OpenAIModel
from chat.services import Overrides
from config.settings import Settings

from .api_client import SSE, converse, events, token_of

KEY = "sk-canary-api-key-5d1f0c"
TOKEN = "canary-admin-token-77ab"
PASSWORD = "canary-password-93e1"
WORDS = "canary-words-of-a-user"
QUESTION = "Umbrella or zebra?"


class _Refusing(http.server.BaseHTTPRequestHandler):
    """A model's endpoint that repeats the whole request in its error."""

    def do_POST(self) -> None:
        question = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status = self.server.status
        if self.server.echo:
            question = json.loads(question)["messages"][-1]["content"]
        error = {"error": {"message": f"No: {self.headers['Authorization']} {question}", "type": "x", "code": None}}
        body = json.dumps(error).encode() if status != 200 else self.headers["Authorization"].encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[http.server.ThreadingHTTPServer]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    server.echo = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["text", "json"])
def real(
    request: pytest.FixtureRequest, settings: Settings, endpoint: http.server.ThreadingHTTPServer
) -> Iterator[Flask]:
    """An application with the real client and the most detailed log."""
    settings = dataclasses.replace(
        settings,
        openai_api_key=KEY,
        openai_base_url=f"http://{PASSWORD}:{PASSWORD}@127.0.0.1:{endpoint.server_port}/v1",
        admin_token=TOKEN,
        log_level="DEBUG",
        log_format=request.param,
    )
    model = OpenAIModel(KEY, settings.openai_base_url, settings.model_timeout_s, backoff_s=lambda _attempt: 0.0)
    app = create_app(settings, Overrides(model=model))
    app.add_url_rule("/api/broken", view_func=lambda: object().no_such_thing)
    yield app
    app.extensions["parley"].stop()


def test_no_error_tells_a_secret(
    real: Flask,
    endpoint: http.server.ThreadingHTTPServer,
    app_log: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    client = real.test_client()
    conversation = converse(client)
    answers = []
    for status in (400, 401, 403, 404, 429, 500, 200):
        endpoint.status = status
        stream = client.post(f"/api/conversations/{conversation}/turns", json={"text": WORDS}, headers=SSE).data
        assert events(stream)[-1].data["status"] == "failed", stream
        answers.append("".join(str(event.data) for event in events(stream) if event.name != "title"))
    answers += forced_errors(client)

    answers.append(client.get("/api/broken").text)
    logging.getLogger("openai").debug("headers: %s", KEY)

    cookie = token_of(client)
    terminal = capfd.readouterr()
    log = app_log.read_text(encoding="utf-8")
    assert "AttributeError" in log
    for secret in (KEY, TOKEN, PASSWORD, WORDS, cookie):
        for place in (*answers, log, terminal.out, terminal.err):
            assert secret not in place


def test_the_endpoints_words_are_not_logged(
    real: Flask, endpoint: http.server.ThreadingHTTPServer, app_log: Path
) -> None:
    """They reach the user only, because they may quote the user's text."""
    endpoint.echo = True
    client = real.test_client()
    conversation = converse(client)
    for status in (400, 401, 403, 404, 422, 429, 500):
        endpoint.status = status
        stream = client.post(f"/api/conversations/{conversation}/turns", json={"text": QUESTION}, headers=SSE).data
        assert QUESTION in str([event.data for event in events(stream) if event.name == "error"]), status
    log = app_log.read_text(encoding="utf-8")
    assert "model_rejected: The model" in log
    assert QUESTION not in log


def test_an_exceptions_text_is_not_logged(app: Flask, app_log: Path) -> None:
    def fail() -> None:
        try:
            int(WORDS)
        except ValueError as error:
            raise KeyError(WORDS) from error

    app.add_url_rule("/api/broken", view_func=fail)
    assert app.test_client().get("/api/broken").status_code == 500
    log = app_log.read_text(encoding="utf-8")
    assert WORDS not in log
    assert "    ValueError\n    caused:\n    Traceback (most recent call last):\n" in log
    assert "    KeyError\n" in log


def forced_errors(client: FlaskClient) -> list[str]:
    """Send failing requests with secrets in every part."""
    secret = {"Authorization": f"Bearer {TOKEN}x", "X-Api-Key": KEY}
    answers = [
        client.get("/admin/memory-debug", headers=secret),
        client.get(f"/admin/memory-debug?token={TOKEN}"),
        client.get(f"/api/{KEY}"),
        client.post("/api/conversations", data=f'{{"title": "{WORDS}"', content_type="application/json"),
        client.post("/api/conversations", json={"title": [WORDS]}),
        client.post("/api/conversations", data=PASSWORD, content_type=f"text/{PASSWORD}"),
        client.post("/api/conversations", json={}, headers={"Origin": f"http://{PASSWORD}"}),
        client.get(f"/api/conversations?cursor={TOKEN}&limit=1"),
        client.get(f"/api/conversations?limit={TOKEN}"),
        client.get("/api/turns/1/events", headers={"Last-Event-ID": KEY}),
        client.open("/api/me", method="PUT", data=WORDS),
    ]
    assert all(answer.status_code >= 400 for answer in answers)
    return [answer.text for answer in answers]


def test_the_settings_do_not_show_themselves(settings: Settings) -> None:
    reprs = repr(
        dataclasses.replace(
            settings,
            openai_api_key=KEY,
            admin_token=TOKEN,
            database_url=f"postgresql://parley:{TOKEN}@127.0.0.1/parley",
            redis_url=f"redis://:{TOKEN}@127.0.0.1/0",
        )
    )
    assert "canary" not in reprs
    assert "use_async_agent" in reprs


def test_messages_are_not_logged(make_app: Callable[..., Flask], app_log: Path) -> None:
    client = make_app(log_level="DEBUG").test_client()
    conversation = converse(client, title=WORDS)
    stream = client.post(f"/api/conversations/{conversation}/turns", json={"text": WORDS}, headers=SSE)
    assert events(stream.data)[-1].data["status"] == "completed"
    log = app_log.read_text(encoding="utf-8")
    assert f"for conversation {conversation}" in log
    assert WORDS not in log
