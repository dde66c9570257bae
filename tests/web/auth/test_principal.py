"""The principal of a request: user, role and credentials, found once and without the database until it is needed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chat.store.sessions import UNSAVED_USER, UnverifiedSession
from chat.web.auth.principal import principal, require_operator

from ..api_client import ask, assert_error, converse, token_of, wait_for_turn


def cookie_of(client: FlaskClient) -> dict[str, str]:
    name = client.application.extensions["parley"].web.tokens.cookie
    return {"Cookie": f"{name}={token_of(client)}"}


def test_a_browser_is_a_user_by_its_cookie(app: Flask, alice: FlaskClient) -> None:
    converse(alice)
    with app.test_request_context("/api/me", headers=cookie_of(alice)):
        current = principal()
        assert (current.role, current.via, current.user.exists) == ("user", "cookie", True)
        assert current.user.id == alice.get("/api/me").json["user"]["id"]
        assert principal() is current


def test_a_new_browser_owns_nothing_until_its_first_write(app: Flask) -> None:
    with app.test_request_context("/api/me"):
        user = principal().user
        assert (user.id, user.exists) == (UNSAVED_USER, False)
        saved = user.save()
        assert (user.id, user.exists, user.save()) == (saved, True, saved)


def test_the_owner_is_unverified_until_the_user_is_needed(app: Flask, alice: FlaskClient) -> None:
    converse(alice)
    with app.test_request_context("/api/me", headers=cookie_of(alice)):
        user = principal().user
        assert isinstance(user.owner, UnverifiedSession)
        assert user.id == user.owner


def test_a_turn_begins_without_a_query_for_the_user(alice: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = converse(alice)
    sessions, queries = alice.application.extensions["parley"].store.sessions, []
    with monkeypatch.context() as counting:
        counting.setattr(sessions, "find", lambda *tokens: queries.append(tokens))
        started = ask(alice, conversation)
    assert queries == []
    wait_for_turn(alice, started)


def test_an_operator_with_the_token(make_app: Callable[..., Flask]) -> None:
    with make_app(admin_token="a-token-of-sixteen").test_request_context(
        "/admin/memory-debug", headers={"Authorization": "Bearer a-token-of-sixteen"}
    ):
        require_operator()
        assert (principal().role, principal().via) == ("operator", "token")


def test_an_operator_on_this_machine(app: Flask) -> None:
    with app.test_request_context(
        "/admin/memory-debug", base_url="http://localhost", environ_base={"REMOTE_ADDR": "127.0.0.1"}
    ):
        require_operator()
        assert (principal().role, principal().via) == ("operator", "loopback")


def test_the_operators_token_gives_no_access_to_a_users_data(make_app: Callable[..., Flask]) -> None:
    app = make_app(admin_token="a-token-of-sixteen")
    mine = converse(app.test_client())
    refused = app.test_client().get(
        f"/api/conversations/{mine}", headers={"Authorization": "Bearer a-token-of-sixteen"}
    )
    assert_error(refused, 404, "not_found")
