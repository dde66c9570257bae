"""Every browser has an identity of its own, in a cookie that only this server can read."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.settings import Settings

from .talk import converse

COOKIE = "parley_session"


def attributes(set_cookie: str) -> dict[str, str]:
    parts = [part.strip().partition("=") for part in set_cookie.split(";")]
    return {name.lower(): value for name, _, value in parts}


def test_the_first_answer_brings_the_cookie(app: Flask, subtests: pytest.Subtests) -> None:
    for path in ("/", "/c/1", "/api/me", "/api/conversations", "/api/conversations/1", "/api/turns/1"):
        with subtests.test(path):
            first = app.test_client().get(path)
            (cookie,) = first.headers.getlist("Set-Cookie")
            given = attributes(cookie)
            assert set(given) == {COOKIE, "expires", "httponly", "max-age", "path", "samesite"}
            assert (given["samesite"], given["path"]) == ("Lax", "/")
            assert int(given["max-age"]) >= 30 * 24 * 3600
            assert len(given[COOKIE]) >= 32
            # Who keeps copies of answers would keep this cookie with it and give it to others.
            assert first.headers["Cache-Control"] == "no-store"


def test_where_nobody_is_asked_for_nobody_is_made(alice: FlaskClient, subtests: pytest.Subtests) -> None:
    for path in ("/healthz", "/readyz", "/admin/memory-debug", "/nothing", "/api/nothing"):
        with subtests.test(path):
            assert "Set-Cookie" not in alice.get(path).headers


def test_behind_tls_the_cookie_is_for_tls_only(make_app: Callable[..., Flask]) -> None:
    app = make_app(allowed_hosts=("chat.example",))
    for scheme, secure in (("https", True), ("http", False)):
        cookie = app.test_client().get("/api/me", base_url=f"{scheme}://chat.example").headers["Set-Cookie"]
        assert ("secure" in attributes(cookie)) is secure


def test_it_is_kept(alice: FlaskClient) -> None:
    me = alice.get("/api/me").json["user"]
    for _ in range(3):
        again = alice.get("/api/me")
        assert again.json["user"] == me
        assert "Set-Cookie" not in again.headers


def test_every_browser_is_somebody_else(app: Flask) -> None:
    browsers = [app.test_client() for _ in range(5)]
    assert len({browser.get("/api/me").json["user"]["id"] for browser in browsers}) == 5
    assert len({browser.get_cookie(COOKIE).value for browser in browsers}) == 5


GARBAGE = [
    "",
    "x",
    "0",
    "null",
    "' OR 1=1 --",
    '"quoted"',
    "a=b; " + COOKIE + "=c",
    "\xff\xfe",
    "\\u0000",
    "%00",
    "../../etc/passwd",
    "x" * 10_000,
]


def test_a_cookie_that_nobody_gave_out(app: Flask, alice: FlaskClient, subtests: pytest.Subtests) -> None:
    converse(alice)
    client = app.test_client(use_cookies=False)
    for cookie in GARBAGE:
        with subtests.test(cookie[:20]):
            answer = client.get("/api/conversations", headers={"Cookie": f"{COOKIE}={cookie}"})
            assert (answer.status_code, answer.json["items"]) == (200, [])
            given = attributes(answer.headers["Set-Cookie"])[COOKIE]
            assert given != cookie
            assert given not in answer.text


def test_who_asks_with_a_cookie_that_nobody_gave_out_is_nobody_known(app: Flask, alice: FlaskClient) -> None:
    mine = converse(alice)
    asked = app.test_client(use_cookies=False).post(
        f"/api/conversations/{mine}/turns", json={"text": "Mine?"}, headers={"Cookie": f"{COOKIE}=nobodys"}
    )
    assert asked.status_code == 404
    assert attributes(asked.headers["Set-Cookie"])[COOKIE] != "nobodys"


def test_an_identity_cannot_be_chosen(alice: FlaskClient, app: Flask) -> None:
    converse(alice)
    number = alice.get("/api/me").json["user"]["id"]
    client = app.test_client(use_cookies=False)
    for header in ({"Cookie": f"{COOKIE}={number}"}, {"X-User-Id": str(number)}, {"Remote-User": str(number)}):
        assert client.get("/api/conversations", headers=header).json["items"] == []


def test_the_database_does_not_hold_what_the_browser_holds(alice: FlaskClient, settings: Settings) -> None:
    alice.get("/api/me")
    token = alice.get_cookie(COOKIE).value
    database = sqlite3.connect(settings.database_path)
    kept = "\n".join(database.iterdump())
    database.close()
    assert token not in kept
    assert hashlib.sha256(token.encode()).hexdigest() in kept


def test_a_session_that_is_deleted_lets_nobody_in(alice: FlaskClient, settings: Settings) -> None:
    mine = converse(alice)
    database = sqlite3.connect(settings.database_path)
    database.execute("DELETE FROM sessions")
    database.commit()
    database.close()
    assert alice.get(f"/api/conversations/{mine}").status_code == 404
