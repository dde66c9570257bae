"""An operator's sign-in in a browser: the form, the session, wrong guesses."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chat.errors import StoreUnavailable
from chat.services import Overrides
from tests.fake_clock import FakeClock

from ..api_client import assert_error

TOKEN = "a-token-of-sixteen"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
REMOTE: dict[str, Any] = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.1"}}
CLOSED = {"/admin", "/admin/memory-debug", "/admin/memory-debug/looks", "/metrics"}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def overrides(overrides: Overrides, clock: FakeClock) -> Overrides:
    return dataclasses.replace(overrides, clock=clock)


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(admin_token=TOKEN)


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()


def sign_in(client: FlaskClient, token: str = TOKEN, **more: Any) -> Any:
    return client.post("/admin/session", data={"token": token}, headers=BROWSER, **more)


def test_a_browser_gets_a_form_and_a_program_an_error(browser: FlaskClient, subtests: pytest.Subtests) -> None:
    for path in CLOSED - {"/metrics", "/admin/memory-debug/looks"}:
        with subtests.test(path):
            page = browser.get(path, headers=BROWSER)
            assert (page.status_code, page.mimetype) == (401, "text/html")
            assert '<form class="sign-in" method="post" action="/admin/session">' in page.text
            assert_error(browser.get(path), 401, "unauthorized")


def test_the_form_is_in_the_readers_language(browser: FlaskClient) -> None:
    page = browser.get("/admin", headers=BROWSER | {"Accept-Language": "de-CH, en;q=0.5"})
    assert 'lang="de"' in page.text
    assert "Anmelden" in page.text


def test_signing_in_opens_everything_of_an_operator(browser: FlaskClient, subtests: pytest.Subtests) -> None:
    answer = sign_in(browser)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/memory-debug")
    for path in CLOSED:
        with subtests.test(path):
            assert browser.get(path, **REMOTE).status_code == 200
    assert browser.post("/admin/memory-debug/tracemalloc/stop", json={}, **REMOTE).status_code == 409


def test_the_page_offers_to_sign_out_of_a_session_only(browser: FlaskClient, make_app: Callable[..., Flask]) -> None:
    sign_in(browser)
    assert "data-session" in browser.get("/admin", headers=BROWSER).text
    assert "data-session" not in make_app().test_client().get("/admin", headers=BROWSER).text


def test_a_program_signs_in_with_json(browser: FlaskClient) -> None:
    assert browser.post("/admin/session", json={"token": TOKEN}).status_code == 204
    assert browser.get("/admin/memory-debug").status_code == 200


def test_the_cookie_is_for_this_server_alone(app: Flask) -> None:
    for base_url, prefix in (("http://localhost", "admin_parley_"), ("https://localhost", "__Host-admin_parley_")):
        cookie = sign_in(app.test_client(), base_url=base_url).headers["Set-Cookie"]
        assert cookie.startswith(prefix)
        assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=3600"} <= set(cookie.split("; "))
        assert ("Secure" in cookie.split("; ")) == base_url.startswith("https")
        assert TOKEN not in cookie


def test_a_session_ends_after_an_hour(browser: FlaskClient, clock: FakeClock) -> None:
    sign_in(browser)
    clock.wall_ms += 3590 * 1000
    assert browser.get("/admin/memory-debug").status_code == 200
    clock.wall_ms += 20 * 1000
    assert browser.get("/admin/memory-debug").status_code == 401


def test_signing_out_ends_it_in_every_worker(browser: FlaskClient, make_app: Callable[..., Flask]) -> None:
    sign_in(browser)
    other_session = make_app(admin_token=TOKEN).test_client()
    sign_in(other_session)
    other_worker = copy_of(browser, make_app(admin_token=TOKEN))
    assert other_worker.get("/admin/memory-debug").status_code == 200
    assert browser.delete("/admin/session").status_code == 204
    assert browser.get("/admin/memory-debug").status_code == 401
    assert other_worker.get("/admin/memory-debug").status_code == 401
    assert other_session.get("/admin/memory-debug").status_code == 200


def test_without_the_database_what_is_known_of_it_decides(app: Flask, browser: FlaskClient) -> None:
    sign_in(browser)
    signed_out = copy_of(browser, app)
    browser.delete("/admin/session")
    sign_in(browser)
    assert browser.get("/admin/memory-debug").status_code == 200
    with unavailable(app.extensions["parley"].store.ended_admin_sessions):
        assert browser.get("/admin/memory-debug").status_code == 200
        assert signed_out.get("/admin/memory-debug").status_code == 401
        assert_error(browser.delete("/admin/session"), 503, "database_unavailable")
    assert browser.get("/admin/memory-debug").status_code == 200


class NoEngine:
    def read(self, _work: object) -> None:
        raise StoreUnavailable("The database cannot be read.")

    write = read


@contextmanager
def unavailable(repository: Any) -> Iterator[None]:
    """Have the repository's database fail for a while."""
    engine, repository.engine = repository.engine, NoEngine()
    yield
    repository.engine = engine


def copy_of(browser: FlaskClient, app: Flask) -> FlaskClient:
    """Return a browser of `app` with the same cookies."""
    copy = app.test_client()
    for cookie in browser._cookies.values():
        copy.set_cookie(cookie.key, cookie.value)
    return copy


def test_another_token_ends_it(browser: FlaskClient, make_app: Callable[..., Flask]) -> None:
    sign_in(browser)
    cookies = {cookie.key: cookie.value for cookie in browser._cookies.values()}
    for changes in ({"admin_token": "another-token-of-16"}, {"admin_token": ""}):
        other = make_app(**changes).test_client()
        for name, value in cookies.items():
            other.set_cookie(name, value)
        assert other.get("/admin/memory-debug", **REMOTE).status_code in (401, 403)


FORGED = ["", "x", "..", "9999999999.x.", "9999999999..x", "\xff.y.z", "9" * 300, "x.y.z", "9999999999.abc.AAAAAAAA"]


def test_a_forged_cookie_opens_nothing(app: Flask, subtests: pytest.Subtests) -> None:
    name = sign_in(app.test_client()).headers["Set-Cookie"].partition("=")[0]
    for value in FORGED:
        with subtests.test(value):
            refused = app.test_client(use_cookies=False).get(
                "/admin/memory-debug", headers={"Cookie": f"{name}={value}"}
            )
            assert_error(refused, 401, "unauthorized")


def test_a_session_does_not_help_another_sites_page(browser: FlaskClient) -> None:
    sign_in(browser)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}):
        refused = browser.post("/admin/memory-debug/collection", json={}, headers=headers)
        assert_error(refused, 403, "forbidden")


def test_a_session_opens_no_users_data(app: Flask, browser: FlaskClient) -> None:
    mine = app.test_client().post("/api/conversations", json={}).json["id"]
    sign_in(browser)
    assert_error(browser.get(f"/api/conversations/{mine}"), 404, "not_found")


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-For": "192.0.2.7"}], ids=["plain", "forged address"])
def test_guessing_is_answered_with_429(browser: FlaskClient, clock: FakeClock, headers: dict[str, str]) -> None:
    statuses = []
    for guess in range(1000):
        headers_sent = headers and dict.fromkeys(headers, f"192.0.2.{guess % 250}")
        refused = browser.post("/admin/session", json={"token": f"guess-{guess}"}, headers=headers_sent)
        statuses.append(refused.status_code)
    assert (statuses[:10], set(statuses[10:])) == ([401] * 10, {429})
    assert_error(refused, 429, "too_many_guesses")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    # Even the right token waits, but a bearer of it does not.
    assert sign_in(browser).status_code == 429
    assert browser.get("/admin/memory-debug", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    clock.advance(61)
    assert sign_in(browser).status_code == 303


def test_guessing_bearers_is_answered_with_429(browser: FlaskClient) -> None:
    statuses = [
        browser.get("/admin/memory-debug", headers={"Authorization": f"Bearer {guess}"}).status_code
        for guess in range(200)
    ]
    assert (statuses[0], statuses[-1]) == (401, 429)


def test_a_wrong_token_in_the_form(browser: FlaskClient) -> None:
    page = sign_in(browser, "wrong")
    assert (page.status_code, page.mimetype) == (401, "text/html")
    assert "This is not the right token." in page.text
    for _ in range(10):
        page = sign_in(browser, "wrong")
    assert page.status_code == 429
    assert "Try again in a minute" in page.text


def test_without_a_token_strangers_get_a_hint(make_app: Callable[..., Flask]) -> None:
    client = make_app().test_client()
    page = client.get("/admin", headers=BROWSER, **REMOTE)
    assert (page.status_code, page.mimetype) == (403, "text/html")
    assert "ADMIN_TOKEN" in page.text
    assert "<form" not in page.text
    assert "ADMIN_TOKEN" in client.get("/admin", **REMOTE).json["error"]["message"]
    assert_error(client.post("/admin/session", json={"token": "x"}), 403, "forbidden")
