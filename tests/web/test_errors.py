"""Errors of every kind have one JSON shape and reveal no internals."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.settings import Settings

from ..store.engines import write_lock
from ..store.other_program import refuse, sql
from .api_client import SSE, assert_error, exchange

NO_SUCH_ADDRESSES = [
    "/api",
    "/api/",
    "/api/nothing",
    "/api/conversations/",
    "/api/conversations/1/",
    "/api/conversations/1/turns/1",
    "/api/turns",
    "/api//me",
    "/.//api/me",
    "/./admin/memory-debug",
    "/%2e/admin/memory-debug",
    "/admin/..;/admin/memory-debug",
    "/admin/%2e%2e/admin/memory-debug",
    "/admin%2fmemory-debug/",
    "/admin/memory-debug/",
    "/admin/memory-debug%00",
    "/Admin/memory-debug",
    "/api/%2e%2e/api/me",
    "/api/../admin/nothing",
    "/api/me%00",
    "/api/me%0d%0aSet-Cookie:x=y",
    "/api/\ud83d\udca9".encode("utf-16", "surrogatepass").decode("utf-16"),
    "/api/" + "x" * 10_000,
    "/v1/nothing",
    "/admin/",
    "/admin/nothing",
    "/nothing",
    "/c/",
    "/c/x",
    "/static",
    "/static/",
    "/static/nothing.js",
    "/static/../pages.py",
    "/static/%2e%2e/pages.py",
    "/static/..%2fpages.py",
    "/static/%252e%252e/pages.py",
    "/static/%00",
    "/static//etc/passwd",
    "/static/css",
]


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_an_address_that_leads_nowhere(alice: FlaskClient, accept: str, subtests: pytest.Subtests) -> None:
    for path in NO_SUCH_ADDRESSES:
        with subtests.test(path[:40]):
            answer = alice.get(path, headers={"Accept": accept})
            if accept == "text/html" and not path.startswith(("/api", "/admin", "/v1")):
                assert (answer.status_code, answer.mimetype) == (404, "text/html")
            else:
                assert_error(answer, 404, "not_found")


def test_an_address_that_does_not_take_the_method(alice: FlaskClient, subtests: pytest.Subtests) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW"):
        with subtests.test(method):
            answer = alice.open("/api/me", method=method)
            assert_error(answer, 405, "method_not_allowed")
            assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_the_methods_that_it_does_take(alice: FlaskClient, conversation: int) -> None:
    answer = alice.put(f"/api/conversations/{conversation}", json={"title": "x"})
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "PATCH", "DELETE"}
    assert alice.get(f"/api/conversations/{conversation}/turns").headers["Allow"] == "OPTIONS, POST"


def test_a_header_is_an_answer_without_its_body(alice: FlaskClient, conversation: int) -> None:
    for path, status in ((f"/api/conversations/{conversation}", 200), ("/api/conversations/999", 404)):
        answer = alice.head(path)
        assert (answer.status_code, answer.data) == (status, b"")


def test_an_internal_error_is_in_the_log_once_and_nowhere_else(
    make_app: Callable[..., Flask], app_log: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    app = make_app()

    def broken() -> None:
        raise RuntimeError(f"canary-{0x9A1C:x}\nTraceback of a liar")

    app.add_url_rule("/api/broken", view_func=broken)
    answer = app.test_client().get("/api/broken?secret=canary-query")
    assert_error(answer, 500, "internal")
    assert "canary" not in answer.text
    assert answer.headers["Content-Security-Policy"]

    logged = app_log.read_text(encoding="utf-8")
    assert logged.count("GET /api/broken failed") == 1
    assert logged.count("Traceback (most recent call last)") == 1
    assert "canary-9a1c" not in logged  # an exception's text may quote a user
    assert "canary-query" not in logged
    assert capfd.readouterr().err.count("GET /api/broken failed") == 1


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        OSError(errno.EMFILE, "Too many open files"),
        OSError(errno.ENFILE, "Too many open files in system"),
        caused(RuntimeError("no connection"), OSError(errno.EMFILE, "Too many open files")),
    ],
    ids=repr,
)
def test_a_lack_of_memory_or_files_is_overload(make_app: Callable[..., Flask], error: Exception) -> None:
    app = make_app()

    def exhausted() -> None:
        raise error

    app.add_url_rule("/api/exhausted", view_func=exhausted)
    answer = app.test_client().get("/api/exhausted")
    assert_error(answer, 503, "overloaded")
    assert int(answer.headers["Retry-After"]) > 0


def test_an_error_before_a_stream_is_no_page_of_html(app: Flask) -> None:
    app.add_url_rule("/api/broken", view_func=lambda: 1 / 0)
    assert_error(app.test_client().get("/api/broken", headers=SSE), 500, "internal")


def test_a_database_that_is_locked(alice: FlaskClient, conversation: int, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = alice.application.extensions["parley"].store.engine
    monkeypatch.setattr(engine.timed, "lock_timeout_s", 0.05)
    turns = f"/api/conversations/{conversation}/turns"
    with write_lock(engine):
        for refused in (
            alice.post(turns, json={"text": "Hello"}),
            alice.post("/api/conversations"),
            alice.patch(f"/api/conversations/{conversation}", json={"pinned": True}),
            alice.delete(f"/api/conversations/{conversation}"),
        ):
            assert_error(refused, 503, "database_unavailable")
            assert int(refused.headers["Retry-After"]) >= 1
        # Reads still work, and nothing is half-written.
        assert alice.get(f"/api/conversations/{conversation}").json["messages"] == []
    monkeypatch.undo()
    assert exchange(alice, conversation)["status"] == "completed"


def test_a_database_that_refuses_for_good(alice: FlaskClient, conversation: int, settings: Settings) -> None:
    """A retry would fail again, so there is no Retry-After."""
    refuse(settings.database_url, "INSERT", "messages")
    refuse(settings.database_url, "UPDATE", "conversations")
    for answer in (
        alice.post(f"/api/conversations/{conversation}/turns", json={"text": "Hello"}),
        alice.patch(f"/api/conversations/{conversation}", json={"pinned": True}),
        alice.delete(f"/api/conversations/{conversation}"),
    ):
        assert_error(answer, 500, "internal")
        assert "Retry-After" not in answer.headers
        assert "secret" not in answer.text
    assert alice.get(f"/api/conversations/{conversation}").json["messages"] == []


def test_a_database_that_has_gone(alice: FlaskClient, conversation: int, settings: Settings) -> None:
    for table in ("tool_calls", "turns", "conversations"):
        sql(settings.database_url, f"ALTER TABLE {table} RENAME TO {table}_away")
    for path in ("/api/conversations", f"/api/conversations/{conversation}", "/api/turns/1/events"):
        answer = alice.get(path)
        assert_error(answer, 500, "internal")
        assert not re.search("no such table|does not exist", answer.text)
        assert settings.database_url.partition("//")[2] not in answer.text
