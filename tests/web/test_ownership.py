"""Ownership: another user's data is answered like data that does not exist. A route without a case here fails."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from .api_client import assert_error, converse, exchange

CANARY = "canary-0f3d7e"

CONVERSATION = "/api/conversations/<id:conversation_id>"

# Routes that name a user's data, with the body to send.
OWNED: dict[tuple[str, str], dict[str, Any]] = {
    ("GET", CONVERSATION): {},
    ("HEAD", CONVERSATION): {},
    ("PATCH", CONVERSATION): {"json": {"title": "stolen", "pinned": True}},
    ("DELETE", CONVERSATION): {},
    ("POST", CONVERSATION + "/turns"): {"json": {"text": "stolen"}},
    ("POST", "/api/messages/<id:message_id>/regenerate"): {"json": {}},
    ("POST", "/api/messages/<id:message_id>/continue"): {"json": {}},
    ("POST", "/api/turns/<id:turn_id>/stop"): {},
    ("GET", CONVERSATION + "/export"): {"query_string": {"format": "md"}},
    ("HEAD", CONVERSATION + "/export"): {"query_string": {"format": "json"}},
    ("POST", CONVERSATION + "/share"): {"json": {}},
    ("GET", CONVERSATION + "/share"): {},
    ("HEAD", CONVERSATION + "/share"): {},
    ("DELETE", CONVERSATION + "/share"): {},
    ("PUT", "/api/messages/<id:message_id>/feedback"): {"json": {"value": -1}},
    ("GET", "/api/turns/<id:turn_id>"): {},
    ("HEAD", "/api/turns/<id:turn_id>"): {},
    ("GET", "/api/turns/<id:turn_id>/events"): {},
    ("HEAD", "/api/turns/<id:turn_id>/events"): {},
}

# Routes for everybody, and the status for another user: the response must contain nothing of Alice.
SHARED: dict[tuple[str, str], int] = {
    ("GET", "/"): 200,
    ("GET", "/c/<id:conversation_id>"): 200,
    ("GET", "/s/<token>"): 404,
    ("GET", "/api/shared/<token>"): 404,
    ("GET", "/api/me"): 200,
    ("GET", "/api/me/instructions"): 200,
    ("PUT", "/api/me/instructions"): 422,
    ("GET", "/api/export"): 200,
    ("GET", "/api/me/data"): 200,
    ("DELETE", "/api/me/data"): 200,
    ("GET", "/api/conversations"): 200,
    ("POST", "/api/conversations"): 201,
    ("GET", "/favicon.ico"): 200,
    ("GET", "/api/openapi.json"): 200,
    ("GET", "/api/docs"): 200,
    ("GET", "/healthz"): 200,
    ("GET", "/readyz"): 200,
    ("GET", "/metrics"): 200,
    ("GET", "/admin"): 200,
    ("POST", "/admin/session"): 422,
    ("DELETE", "/admin/session"): 204,
    ("GET", "/admin/memory-debug"): 200,
    ("GET", "/admin/memory-debug/looks"): 200,
    ("POST", "/admin/memory-debug/stacks"): 200,
    ("POST", "/admin/memory-debug/tracemalloc/start"): 200,
    ("POST", "/admin/memory-debug/tracemalloc/snapshot"): 200,
    ("POST", "/admin/memory-debug/tracemalloc/difference"): 200,
    ("POST", "/admin/memory-debug/tracemalloc/stop"): 200,
    ("POST", "/admin/memory-debug/collection"): 200,
    ("POST", "/admin/memory-debug/growth"): 200,
    ("POST", "/admin/memory-debug/log-level"): 200,
    ("GET", "/static/<path:filename>"): 200,
}


@pytest.fixture
def address(app: Flask, alice: FlaskClient) -> Callable[[str], str]:
    """Build a route's address with ids of Alice."""
    turn = exchange(alice, converse(alice, title=CANARY), CANARY)
    alice.post(f"/api/conversations/{turn['conversation_id']}/share", json={})
    alices = {
        "<token>": "not-a-link-of-hers",
        "<id:conversation_id>": turn["conversation_id"],
        "<id:message_id>": turn["message_id"],
        "<id:turn_id>": turn["id"],
        "<path:filename>": "icon.svg",
    }

    def fill(rule: str) -> str:
        rule = rule.replace("/static", app.static_url_path)
        for name, value in alices.items():
            rule = rule.replace(name, str(value))
        assert "<" not in rule, rule
        return rule

    return fill


@pytest.fixture(params=["a browser without a cookie", "another browser"])
def stranger(request: pytest.FixtureRequest, app: Flask, mallory: FlaskClient) -> FlaskClient:
    if request.param == "a browser without a cookie":
        return app.test_client(use_cookies=False)
    exchange(mallory, converse(mallory))
    return mallory


def routes(app: Flask) -> set[tuple[str, str]]:
    """Return every method of every route, except OPTIONS, which has its own test, and static files."""
    return {
        (method, rule.rule.replace(app.static_url_path, "/static"))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"OPTIONS"}
    }


def test_every_route_has_a_case(app: Flask) -> None:
    heads = {("HEAD", rule) for method, rule in SHARED if method == "GET"}
    assert routes(app) == set(OWNED) | set(SHARED) | heads


def test_data_of_another_user(
    address: Callable[[str], str], alice: FlaskClient, stranger: FlaskClient, subtests: pytest.Subtests
) -> None:
    before = all_of(alice)
    for (method, rule), body in OWNED.items():
        with subtests.test(f"{method} {rule}"):
            alices = stranger.open(address(rule), method=method, **body)
            never_was = stranger.open(re.sub(r"<id:\w+>", "9999", rule), method=method, **body)
            for answer in (alices, never_was):
                assert answer.status_code == 404
                if method != "HEAD":
                    assert_error(answer, 404, "not_found")
            assert list(alices.headers.keys()) == list(never_was.headers.keys())
            assert all_of(alice) == before


@pytest.mark.parametrize(("method", "rule"), OWNED, ids=str)
def test_own_data(method: str, rule: str, address: Callable[[str], str], alice: FlaskClient) -> None:
    """Check the addresses: the test above would also pass with wrong ones."""
    answer = alice.open(address(rule), method=method, **OWNED[method, rule])
    if rule.endswith("/continue"):  # found, but nothing is missing of it
        assert_error(answer, 409, "answer_complete")
    else:
        assert answer.status_code in (200, 202, 204), answer.text


def test_routes_for_everybody(
    address: Callable[[str], str], alice: FlaskClient, stranger: FlaskClient, subtests: pytest.Subtests
) -> None:
    before = all_of(alice)
    for (method, rule), status in SHARED.items():
        with subtests.test(f"{method} {rule}"):
            answer = stranger.open(address(rule), method=method)
            assert answer.status_code == status
            assert CANARY.encode() not in answer.data
            answer.close()
            assert all_of(alice) == before


def test_asking_for_the_methods_tells_nothing(
    address: Callable[[str], str], stranger: FlaskClient, subtests: pytest.Subtests
) -> None:
    for rule in sorted({rule for _, rule in OWNED}):
        with subtests.test(rule):
            alices, never_was = (stranger.options(path) for path in (address(rule), re.sub(r"<id:\w+>", "9999", rule)))
            assert (alices.status_code, alices.data) == (never_was.status_code, never_was.data) == (200, b"")
            assert set(alices.headers["Allow"].split(", ")) == set(never_was.headers["Allow"].split(", "))


def test_ones_own_conversation_does_not_open_anothers_messages(
    address: Callable[[str], str], alice: FlaskClient, mallory: FlaskClient
) -> None:
    alices = alice.get(address("/api/turns/<id:turn_id>")).json
    mine = converse(mallory)
    answer = mallory.post(
        f"/api/conversations/{mine}/turns", json={"text": "Repeat what was said.", "parent_id": alices["message_id"]}
    )
    assert_error(answer, 422, "invalid_parent", "parent_id")
    assert mallory.get(f"/api/conversations/{mine}").json["messages"] == []


def test_anothers_client_id_finds_nothing(alice: FlaskClient, mallory: FlaskClient) -> None:
    alices = exchange(alice, converse(alice), CANARY, client_id="c-1")
    mallorys = exchange(mallory, converse(mallory), "Hello", client_id="c-1")
    assert mallorys["id"] != alices["id"]
    assert CANARY not in mallorys["text"]


def all_of(client: FlaskClient) -> list[Any]:
    """Return all data of the client, with feedback and links."""
    listed = client.get("/api/conversations").json["items"]
    places = [f"/api/conversations/{item['id']}" for item in listed]
    return [client.get(place + more).json for place in places for more in ("", "?limit=200", "/share")]
