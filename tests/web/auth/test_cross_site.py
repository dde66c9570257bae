"""Cross-site requests: another site's page cannot change anything; own pages and programs can."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.settings import Settings

from ...store.other_program import dump
from ..api_client import assert_error, converse, exchange

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "SAME-ORIGIN, cross-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?1"},
    {"Origin": "http://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:5001"},
    {"Origin": "http://localhost@evil.example"},
    {"Origin": "http://evil.example/localhost"},
    {"Origin": "localhost"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://["},
    {"Origin": "http://\xff"},
    {"Origin": "https://localhost"},
    {"Origin": "HTTPS://localhost"},
    {"Origin": "ws://localhost"},
    {"Origin": "file://"},
    {"Origin": "http://localhost/"},
    {"Origin": "http://localhost, http://evil.example"},
    {"Sec-Fetch-Site": "none", "Origin": "null"},
    {"Sec-Fetch-Site": "none", "Origin": "http://evil.example"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
]

OUR_OWN = [
    {},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://localhost"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
    # A proxy that terminates TLS may pass another host name: Sec-Fetch-Site decides.
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://chat.example"},
]

LOOKS = (
    *("stacks", "tracemalloc/start", "tracemalloc/snapshot", "growth", "tracemalloc/difference", "tracemalloc/stop"),
    *("collection", "log-level"),
)


@pytest.fixture
def turn(alice: FlaskClient) -> dict[str, Any]:
    return exchange(alice, converse(alice))


def changes(turn: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    conversation = f"/api/conversations/{turn['conversation_id']}"
    return [
        ("POST", "/api/conversations", {"json": {}}),
        ("POST", f"{conversation}/turns", {"json": {"text": "x"}}),
        ("POST", f"/api/messages/{turn['message_id']}/regenerate", {"json": {}}),
        ("POST", f"/api/turns/{turn['turn_id']}/stop", {}),
        ("PATCH", conversation, {"json": {"title": "x"}}),
        ("DELETE", conversation, {}),
        ("PUT", f"/api/messages/{turn['message_id']}/feedback", {"json": {"value": 1}}),
        ("POST", f"{conversation}/share", {"json": {}}),
        ("DELETE", f"{conversation}/share", {}),
        ("PUT", "/api/me/instructions", {"json": {"text": "x"}}),
        ("POST", f"/api/messages/{turn['message_id']}/continue", {"json": {}}),
        ("DELETE", "/api/me/data", {}),
        *(("POST", f"/admin/memory-debug/{look}", {"json": {}}) for look in LOOKS),
        ("POST", "/admin/session", {"json": {"token": "x"}}),
        ("DELETE", "/admin/session", {}),
    ]


def test_every_request_that_changes_something_is_tried_here(app: Flask, turn: dict[str, Any]) -> None:
    tried = {(method, app.url_map.bind("").match(path, method)[0]) for method, path, _ in changes(turn)}
    assert tried == {
        (method, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"GET", "HEAD", "OPTIONS"}
    }


def test_another_sites_page(
    alice: FlaskClient, turn: dict[str, Any], settings: Settings, subtests: pytest.Subtests
) -> None:
    before = dump(settings.database_url)
    for headers in FOREIGN:
        for method, path, body in changes(turn):
            with subtests.test(method, path=path, headers=headers):
                assert_error(alice.open(path, method=method, headers=headers, **body), 403, "forbidden")
    assert dump(settings.database_url) == before


def test_our_own_pages_and_programs(alice: FlaskClient, turn: dict[str, Any], subtests: pytest.Subtests) -> None:
    for headers in OUR_OWN:
        for method, path, body in changes(turn)[:12:3]:
            with subtests.test(method, headers=headers):
                assert alice.open(path, method=method, headers=headers, **body).status_code in (200, 201)


def test_behind_tls_a_page_without_it_is_another_site(alice: FlaskClient, subtests: pytest.Subtests) -> None:
    for origin, status in (("https://localhost", 201), ("http://localhost", 403), ("https://localhost:444", 403)):
        with subtests.test(origin):
            answer = alice.post("/api/conversations", json={}, base_url="https://localhost", headers={"Origin": origin})
            assert answer.status_code == status


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_form_bodies_are_refused_even_without_those_headers(
    alice: FlaskClient, turn: dict[str, Any], content_type: str, settings: Settings
) -> None:
    before = dump(settings.database_url)
    for method, path, _ in changes(turn)[:4]:
        answer = alice.open(path, method=method, data=b'{"text":"x","y":"="}', content_type=content_type)
        assert_error(answer, 415, "unsupported_media_type")
    assert dump(settings.database_url) == before


@pytest.mark.parametrize("headers", [{}, *FOREIGN[:1], *FOREIGN[6:7]], ids=str)
def test_asking_changes_nothing(
    app: Flask, alice: FlaskClient, turn: dict[str, Any], headers: dict[str, str], settings: Settings
) -> None:
    shared = alice.post(f"/api/conversations/{turn['conversation_id']}/share", json={}).json
    before = dump(settings.database_url)
    values = {
        "conversation_id": turn["conversation_id"],
        "message_id": turn["message_id"],
        "turn_id": turn["id"],
        "filename": "icon.svg",
        "token": shared["url"].removeprefix("/s/"),
    }
    addresses = app.url_map.bind("localhost")
    requests = 0
    for rule in app.url_map.iter_rules():
        for method in rule.methods & {"GET", "HEAD", "OPTIONS"}:
            path = addresses.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method=method)
            answer = alice.open(path, method=method, headers=headers, query_string={"format": "md"})
            assert answer.status_code == 200, path
            answer.close()
            requests += 1
    assert requests > 20
    assert dump(settings.database_url) == before


def test_no_cors_header_allows_other_sites(alice: FlaskClient) -> None:
    for method in ("GET", "OPTIONS"):
        answer = alice.open(
            "/api/conversations",
            method=method,
            headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"},
        )
        assert not [name for name in dict(answer.headers) if name.startswith("Access-Control")]
