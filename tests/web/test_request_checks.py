"""Checks of every request: allowed hosts and paths."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chat.web import request_checks
from config.settings import Settings

from .api_client import assert_error

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

OURS = [
    "localhost", "localhost:5000", "LOCALHOST", "localhost.", "chat.localhost", "127.0.0.1", "127.0.0.1:5000",
    "192.168.1.20:5000", "8.8.8.8", "0.0.0.0", "[::1]", "[::1]:5000", "[2001:db8::1]:80", "[::ffff:127.0.0.1]",
]  # fmt: skip
FOREIGN = [
    "evil.example", "evil.example:5000", "localhost.evil.example", "127.0.0.1.evil.example", "evil-localhost",
    "localhostx", "1.2.3", "2130706433", "0x7f000001", "127.1", "0177.0.0.1", "127.0.0.1.", "xn--e1afmkfd",
]  # fmt: skip
MALFORMED = [
    "", " ", "localhost@evil.example", "localhost/evil", "localhost, evil.example", "localhost:x", "localhost:123456",
    "[::1", "::1", "localhost#", "a b", "[localhost]", "[::1].evil.example", "[::1]evil", "lo\\calhost", "http://localhost",
]  # fmt: skip
# Every kind of route refuses alike.
PATHS = ["/", "/api/me", "/healthz", "/admin/memory-debug", "/nothing", "/static/x.js"]


def test_loopback_names_and_addresses_are_answered(alice: FlaskClient, subtests: pytest.Subtests) -> None:
    for host in OURS:
        with subtests.test(host):
            assert alice.get("/healthz", headers={"Host": host}).status_code == 200


def test_other_names_are_refused_in_a_sentence_that_names_the_setting(
    alice: FlaskClient, subtests: pytest.Subtests
) -> None:
    for host in set(FOREIGN) - {"127.0.0.1."}:
        for path in PATHS:
            with subtests.test(host, path=path):
                refused = alice.get(path, headers={"Host": host})
                assert_error(refused, 400, "host_not_allowed")
                assert "ALLOWED_HOSTS" in refused.text
                assert "Set-Cookie" not in refused.headers
                assert_error(alice.post(path, headers={"Host": host}, json={}), 400, "host_not_allowed")


def test_a_malformed_host_is_refused(alice: FlaskClient, subtests: pytest.Subtests) -> None:
    for host in MALFORMED:
        with subtests.test(host):
            assert_error(alice.get("/api/me", headers={"Host": host}), 400, "bad_request")


def test_a_browser_gets_a_page(alice: FlaskClient) -> None:
    page = alice.get("/", headers=BROWSER | {"Host": "chat.example"})
    assert (page.status_code, page.mimetype) == (400, "text/html")
    assert "chat.example" in page.text
    assert "ALLOWED_HOSTS" in page.text
    assert alice.get("/api/me", headers=BROWSER | {"Host": "chat.example"}).is_json


@pytest.mark.parametrize(
    ("changes", "answered", "refused"),
    [
        ({"allowed_hosts": ("chat.example",)}, ["chat.example", "CHAT.example:8443", "chat.example.", "localhost"],
         ["www.chat.example", "chat.example.evil", "xchat.example"]),
        ({"allowed_hosts": ("a", "b.c")}, ["a:1", "b.c"], ["c", "a.b.c"]),
        ({"allowed_hosts": ("*",)}, ["evil.example", "localhost", "x:1"], []),
        ({"host": "Chat.lan"}, ["chat.lan:5000", "localhost"], ["lan"]),
    ],
)  # fmt: skip
def test_names_that_are_allowed(
    make_app: Callable[..., Flask], changes: dict[str, object], answered: list[str], refused: list[str]
) -> None:
    client = make_app(**changes).test_client()
    assert [client.get("/healthz", headers={"Host": host}).status_code for host in answered] == [200] * len(answered)
    assert [client.get("/healthz", headers={"Host": host}).status_code for host in refused] == [400] * len(refused)


def test_a_refused_name_is_logged_once(alice: FlaskClient, app_log: Path) -> None:
    request_checks._log_once.cache_clear()
    for _ in range(3):
        alice.get("/", headers={"Host": "once.example"})
    logged = app_log.read_text(encoding="utf-8")
    assert logged.count("once.example") == 1
    assert "ALLOWED_HOSTS" in logged


def test_without_a_host_only_the_oldest_version_is_answered(alice: FlaskClient) -> None:
    for version, status in (("HTTP/1.1", 400), ("HTTP/1.0", 200)):
        answer = alice.get("/healthz", environ_overrides={"HTTP_HOST": None, "SERVER_PROTOCOL": version})
        assert answer.status_code == status


@pytest.mark.parametrize("slashes", ["//", "///", "////"])
@pytest.mark.parametrize("path", ["", "api/me", "admin/memory-debug", "healthz", "evil.example/admin/memory-debug"])
def test_more_than_one_slash_is_not_found(alice: FlaskClient, slashes: str, path: str) -> None:
    answer = alice.get("/", environ_overrides={"PATH_INFO": slashes + path})
    assert_error(answer, 404, "not_found")
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://localhost/healthz", 200), ("HTTP://LOCALHOST/healthz", 200), ("http://evil.example/healthz", 400),
        ("http://localhost@evil.example/healthz", 400), ("http:///healthz", 400), ("/healthz", 200),
    ],
)  # fmt: skip
def test_an_address_that_names_another_host_than_the_header(alice: FlaskClient, target: str, status: int) -> None:
    assert alice.get("/healthz", environ_overrides={"RAW_URI": target}).status_code == status


def test_the_settings_default_allows_no_name(settings: Settings) -> None:
    assert settings.allowed_hosts == ()
