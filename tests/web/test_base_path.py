"""BASE_PATH: generated addresses have it, requested addresses may have it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import urljoin

import pytest
from flask import Flask
from flask.testing import FlaskClient

from .api_client import assert_error, converse, exchange


@pytest.fixture
def below(make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(base_path="/chat").test_client()


@pytest.mark.parametrize("prefix", ["/chat", ""], ids=["kept", "stripped"])
def test_both_forms_are_taken(below: FlaskClient, prefix: str) -> None:
    assert below.get(f"{prefix}/api/me").status_code == 200
    assert below.get(f"{prefix}/").status_code == 200
    assert below.get(f"{prefix}/healthz").status_code == 200
    assert_error(below.get(f"{prefix}/api/nowhere"), 404, "not_found")


def test_the_path_alone_is_the_page(below: FlaskClient) -> None:
    assert below.get("/chat").status_code == 200


def test_a_path_that_only_looks_like_it(below: FlaskClient) -> None:
    for path in ("/chatter/api/me", "/chat//api/me", "/chat/chat/api/me", "/Chat/api/me"):
        assert_error(below.get(path), 404, "not_found")


def test_addresses_that_go_out_have_it(below: FlaskClient) -> None:
    page = below.get("/").text
    assert 'data-base="/chat"' in page
    assert 'href="/static' not in page
    assert 'src="/static' not in page
    conversation = below.post("/chat/api/conversations", json={}).json["id"]
    started = below.post(f"/chat/api/conversations/{conversation}/turns", json={"text": "Hello"}).json
    assert started["events_url"] == f"/chat/api/turns/{started['turn_id']}/events"
    assert below.get(started["events_url"]).status_code == 200
    shared = below.post(f"/chat/api/conversations/{conversation}/share", json={}).json["url"]
    assert shared.startswith("/chat/s/")
    assert below.get(shared).status_code == 200


def test_the_cookie_is_for_it_alone(below: FlaskClient) -> None:
    assert "Path=/chat;" in below.get("/api/me").headers["Set-Cookie"]


def test_without_it_nothing_changes(alice: FlaskClient) -> None:
    assert "data-base" not in alice.get("/").text
    assert "Path=/;" in alice.application.test_client().get("/api/me").headers["Set-Cookie"]
    assert_error(alice.get("/chat/api/me"), 404, "not_found")
    exchange(alice, converse(alice))


def test_the_web_manifest(alice: FlaskClient) -> None:
    page = alice.get("/").text
    (address,) = re.findall(r'rel="manifest" href="([^"]+)"', page)
    answer = alice.get(address)
    assert answer.mimetype == "application/manifest+json"
    about = json.loads(answer.data)
    answer.close()
    assert about["display"] == "standalone"
    assert {urljoin(address, about[name]) for name in ("start_url", "scope")} == {"/"}
    assert {icon["purpose"] for icon in about["icons"]} == {"any", "maskable"}
    for icon in about["icons"]:
        picture = alice.get(urljoin(address, icon["src"]))
        width = int(icon["sizes"].split("x")[0])
        assert picture.data[:8] == b"\x89PNG\r\n\x1a\n"
        assert int.from_bytes(picture.data[16:20]) == int.from_bytes(picture.data[20:24]) == width
        picture.close()
