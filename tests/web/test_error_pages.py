"""Errors are pages for browsers that request a page, and JSON for all others."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/nothing", "/c/x", "/c/", "/s", "/static/nothing.js", "/favicon.png", "/apiary"])
def test_an_unknown_address_is_a_page_with_a_way_home(alice: FlaskClient, path: str) -> None:
    answer = alice.get(path, headers=BROWSER)
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert "There is nothing here" in answer.text
    assert re.search(r'<a [^>]*href="/">Go to your chats</a>', answer.text)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("languages", "language", "title"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de", "Hier gibt es nichts"),
        ("fr,de;q=0.3", "de", "Hier gibt es nichts"),
        ("fr", "en", "There is nothing here"),
        ("", "en", "There is nothing here"),
        ("en-GB,de", "en", "There is nothing here"),
    ],
)
def test_it_is_in_the_readers_language(alice: FlaskClient, languages: str, language: str, title: str) -> None:
    answer = alice.get("/nothing", headers=BROWSER | {"Accept-Language": languages})
    assert f'<html lang="{language}">' in answer.text
    assert title in answer.text


@pytest.mark.parametrize("path", ["/api/nothing", "/api", "/admin/nothing", "/v1/nothing"])
def test_programs_get_json_whatever_they_accept(alice: FlaskClient, path: str) -> None:
    assert alice.get(path, headers=BROWSER).is_json


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html;q=0", "image/png"])
def test_requests_that_accept_no_page_get_json(alice: FlaskClient, accept: str) -> None:
    answer = alice.get("/nothing", headers={"Accept": accept})
    assert answer.is_json
    assert answer.json["error"]["code"] == "not_found"


def test_nothing_of_the_address_is_repeated(alice: FlaskClient) -> None:
    assert "alert" not in alice.get("/<script>alert(1)</script>", headers=BROWSER).text


def test_the_icon_that_browsers_ask_for(alice: FlaskClient) -> None:
    with alice.get("/favicon.ico") as answer:
        assert answer.status_code == 200
        assert answer.data.startswith(b"\0\0\1\0")
        assert "Set-Cookie" not in answer.headers
