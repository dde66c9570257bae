"""Shared links: readable by anyone, showing the conversation at the time of sharing, until revoked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.settings import Settings

from ...store.engines import sqlite_path
from ...store.other_program import dump, lose_keys
from ..api_client import ask, assert_error, assert_shape, converse, exchange, token_of, utc_time, wait_for_turn
from ..conftest import HeldAnswer
from .test_conversation import ANSWER, QUESTION


def share(client: FlaskClient, conversation_id: int, **fields: Any) -> Any:
    return client.post(f"/api/conversations/{conversation_id}/share", json=fields)


def shared(client: FlaskClient, url: str) -> Any:
    return client.get(url.replace("/s/", "/api/shared/"))


def texts(answer: Any) -> list[str]:
    return [message["text"] for message in answer.json["messages"]]


@pytest.fixture
def anybody(app: Flask) -> FlaskClient:
    return app.test_client(use_cookies=False)


@pytest.fixture
def conversation(alice: FlaskClient) -> int:
    conversation_id = converse(alice, title="Markets")
    exchange(alice, conversation_id, "Q1")
    return conversation_id


def test_anybody_reads_it(alice: FlaskClient, anybody: FlaskClient, conversation: int) -> None:
    created = share(alice, conversation)
    assert created.status_code == 201
    assert_shape(created.json, {"url": str, "created_at": utc_time})
    page = shared(anybody, created.json["url"])
    assert_shape(page.json, {"title": str, "created_at": utc_time, "messages": list})
    assert (page.json["title"], page.json["created_at"]) == ("Markets", created.json["created_at"])
    question, answer = page.json["messages"]
    assert_shape(question, QUESTION)
    assert_shape(answer, ANSWER)
    assert texts(page) == ["Q1", "You said: Q1"]


@pytest.mark.parametrize("page", ["", "?limit=1"], ids=["whole", "a page of it"])
def test_the_conversation_tells_whether_it_is_shared(alice: FlaskClient, conversation: int, page: str) -> None:
    here = f"/api/conversations/{conversation}"
    assert alice.get(here + page).json["shared"] is False
    share(alice, conversation)
    assert alice.get(here + page).json["shared"] is True
    alice.delete(f"{here}/share")
    assert alice.get(here + page).json["shared"] is False


def test_the_page(alice: FlaskClient, anybody: FlaskClient, conversation: int) -> None:
    url = share(alice, conversation).json["url"]
    page = anybody.get(url)
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert f'<body data-shared="{url.removeprefix("/s/")}">' in page.text
    assert "data-shared" not in alice.get("/").text


def test_a_link_that_leads_nowhere(anybody: FlaskClient) -> None:
    for token in ("nothing", "x" * 500, "%22%3E%3Cscript%3E", "%00", "%F0%9F%9A%80"):
        assert_error(anybody.get(f"/api/shared/{token}"), 404, "not_found")
        page = anybody.get(f"/s/{token}")
        assert (page.status_code, page.mimetype) == (404, "text/html")
        assert "><script>" not in page.text


def test_its_headers(alice: FlaskClient, anybody: FlaskClient, conversation: int) -> None:
    url = share(alice, conversation).json["url"]
    for answer in (anybody.get(url), shared(anybody, url), anybody.get("/s/nothing")):
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Security-Policy"] == alice.get("/").headers["Content-Security-Policy"]


def test_later_messages_do_not_show(alice: FlaskClient, anybody: FlaskClient, conversation: int) -> None:
    first = share(alice, conversation).json
    exchange(alice, conversation, "Q2")
    exchange(alice, conversation, "Q1, put better", parent_id=None)
    assert texts(shared(anybody, first["url"])) == ["Q1", "You said: Q1"]
    again = share(alice, conversation)
    assert (again.status_code, again.json["url"]) == (200, first["url"])
    assert texts(shared(anybody, first["url"])) == ["Q1, put better", "You said: Q1, put better"]


def test_another_branch(alice: FlaskClient, anybody: FlaskClient, conversation: int) -> None:
    second = exchange(alice, conversation, "Q2")
    exchange(alice, conversation, "Q3", parent_id=None)
    url = share(alice, conversation, leaf_id=second["message_id"]).json["url"]
    assert texts(shared(anybody, url)) == ["Q1", "You said: Q1", "Q2", "You said: Q2"]
    elsewhere = exchange(alice, converse(alice))
    assert_error(share(alice, conversation, leaf_id=elsewhere["message_id"]), 404, "not_found")
    assert_error(share(alice, conversation, leaf_id=0), 422, "invalid_value", "leaf_id")


def test_shown_again_and_revoked(alice: FlaskClient, anybody: FlaskClient, conversation: int) -> None:
    here = f"/api/conversations/{conversation}/share"
    assert_error(alice.get(here), 404, "not_found")
    created = share(alice, conversation).json
    assert alice.get(here).json == created
    assert alice.delete(here).status_code == 204
    assert alice.delete(here).status_code == 204
    assert_error(alice.get(here), 404, "not_found")
    assert_error(shared(anybody, created["url"]), 404, "not_found")
    assert share(alice, conversation).json["url"] != created["url"]


def test_it_goes_with_its_conversation(alice: FlaskClient, anybody: FlaskClient, conversation: int) -> None:
    url = share(alice, conversation).json["url"]
    alice.delete(f"/api/conversations/{conversation}")
    assert_error(shared(anybody, url), 404, "not_found")


def test_nothing_to_share_yet(alice: FlaskClient) -> None:
    assert_error(share(alice, converse(alice)), 409, "nothing_to_share")


def test_an_answer_under_way_is_not_shared(alice: FlaskClient, conversation: int, held: HeldAnswer) -> None:
    started = ask(alice, conversation, "Q2")
    assert_error(share(alice, conversation), 409, "turn_running")
    held.go()
    wait_for_turn(alice, started)
    assert share(alice, conversation).status_code == 201


def test_the_database_alone_opens_no_link(alice: FlaskClient, conversation: int, settings: Settings) -> None:
    token = share(alice, conversation).json["url"].removeprefix("/s/")
    assert token not in dump(settings.database_url)


@pytest.mark.sqlite("the key is in a file beside the database's")
def test_the_key_is_for_this_user_only(alice: FlaskClient, conversation: int, settings: Settings) -> None:
    share(alice, conversation)
    key = sqlite_path(settings).with_name("chat.db.share-key")
    assert key.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in key.parent.glob("*share-key*")) == [key.name]


def test_links_outlive_a_lost_key(
    alice: FlaskClient, make_app: Callable[..., Flask], app: Flask, conversation: int, settings: Settings
) -> None:
    url = share(alice, conversation).json["url"]
    lose_keys(settings.database_url)
    app.extensions["parley"].stop()
    restarted = make_app()
    alice_again, anybody = restarted.test_client(), restarted.test_client(use_cookies=False)
    alice_again.set_cookie(restarted.extensions["parley"].web.tokens.cookie, token_of(alice))
    assert texts(shared(anybody, url)) == ["Q1", "You said: Q1"]
    assert_error(alice_again.get(f"/api/conversations/{conversation}/share"), 404, "not_found")
    again = share(alice_again, conversation)
    assert again.status_code == 201
    assert_error(shared(anybody, url), 404, "not_found")
    assert texts(shared(anybody, again.json["url"])) == ["Q1", "You said: Q1"]
