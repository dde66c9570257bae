"""Identity of a browser: a private cookie that is not lost by use, restarts or other servers."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chat.web.auth import browser_user
from chat.web.auth.tokens import Tokens
from config.settings import Settings
from tests.fake_clock import FakeClock

from ...store.engines import write_lock
from ...store.other_program import dump, sql
from ..api_client import ask, converse, token_of, wait_for_turn

DAY_MS = 24 * 3600 * 1000
START_MS = 1_700_000_000_000
LEGACY = "parley_session"


def tokens_of(app: Flask) -> Tokens:
    tokens: Tokens = app.extensions["parley"].web.tokens
    return tokens


def response_cookie(answer: TestResponse) -> tuple[str, str, dict[str, str]]:
    """Return the only cookie that a response sets: name, value, attributes."""
    (cookie,) = answer.headers.getlist("Set-Cookie")
    first, *rest = [part.strip().partition("=") for part in cookie.split(";")]
    return first[0], first[2], {name.lower(): value for name, _, value in rest}


def rows(settings: Settings) -> tuple[int, int]:
    """Return the numbers of users and sessions."""
    counts = "SELECT (SELECT count(*) FROM users WHERE id > 0), (SELECT count(*) FROM sessions)"
    ((users, sessions),) = sql(settings.database_url, counts)
    return users, sessions


@pytest.fixture
def anybody(app: Flask) -> FlaskClient:
    """A client that sends only the given cookies and stores none."""
    return app.test_client(use_cookies=False)


class TestTheCookie:
    def test_the_first_answer_brings_it(self, app: Flask, subtests: pytest.Subtests) -> None:
        for path in ("/", "/c/1", "/api/me", "/api/conversations", "/api/conversations/1", "/api/turns/1"):
            with subtests.test(path):
                first = app.test_client().get(path)
                name, token, attributes = response_cookie(first)
                assert name == tokens_of(app).cookie
                assert set(attributes) == {"expires", "httponly", "max-age", "path", "samesite"}
                assert (attributes["samesite"], attributes["path"]) == ("Lax", "/")
                assert int(attributes["max-age"]) >= 30 * 24 * 3600
                assert len(token) >= 32
                # A cache would store this cookie with the response and give it to others.
                assert first.headers["Cache-Control"] == "no-store"

    def test_routes_without_identity_set_none(self, alice: FlaskClient, subtests: pytest.Subtests) -> None:
        for path in ("/healthz", "/readyz", "/admin/memory-debug", "/nothing", "/api/nothing"):
            with subtests.test(path):
                assert "Set-Cookie" not in alice.get(path).headers

    def test_behind_tls_it_is_for_tls_and_this_host_only(self, anybody: FlaskClient, app: Flask) -> None:
        for scheme, prefix in (("https", "__Host-"), ("http", "")):
            name, _, attributes = response_cookie(anybody.get("/api/me", base_url=f"{scheme}://localhost"))
            assert name == prefix + tokens_of(app).cookie
            assert ("secure" in attributes) is bool(prefix)
            assert "domain" not in attributes

    def test_it_stays_the_same(self, alice: FlaskClient) -> None:
        converse(alice)
        me = alice.get("/api/me").json["user"]
        for _ in range(3):
            again = alice.get("/api/me")
            assert again.json["user"] == me
            assert "Set-Cookie" not in again.headers

    def test_every_browser_has_another(self, app: Flask) -> None:
        browsers = [app.test_client() for _ in range(5)]
        for browser in browsers:
            converse(browser)
        assert len({browser.get("/api/me").json["user"]["id"] for browser in browsers}) == 5
        assert len({token_of(browser) for browser in browsers}) == 5

    @pytest.mark.sqlite("PostgreSQL requires a SECRET_KEY, which then names the cookie")
    def test_every_server_has_another(self, tmp_path: Path, make_app: Callable[..., Flask]) -> None:
        names = [tokens_of(make_app(data_dir=tmp_path / name)).cookie for name in ("one", "two")]
        names += [tokens_of(make_app(secret_key="x" * 20)).cookie, tokens_of(make_app(secret_key="y" * 20)).cookie]
        assert len(set(names)) == 4
        assert all(re.fullmatch(r"parley_[0-9a-f]{12}", name) for name in names)
        assert tokens_of(make_app(data_dir=tmp_path / "one")).cookie == names[0]

    @pytest.mark.sqlite("PostgreSQL requires a SECRET_KEY, so there is no file")
    def test_only_this_user_can_read_the_key_file(self, app: Flask, settings: Settings) -> None:
        key = settings.data_dir / "secret-key"
        assert key.stat().st_mode & 0o777 == 0o600
        assert len(key.read_bytes()) == 32


GARBAGE = [
    "", "x", "0", "null", "' OR 1=1 --", '"quoted"', "a=b; parley_x=c", "\xff\xfe", "\\u0000", "%00", "../etc/passwd",
    "x" * 10_000, ".", "x.", ".x", "x.y", "x." + "A" * 24,
]  # fmt: skip


class TestForeignTokens:
    @pytest.mark.parametrize("name", ["own", "legacy", "other"])
    def test_it_is_replaced(
        self, app: Flask, alice: FlaskClient, anybody: FlaskClient, name: str, subtests: pytest.Subtests
    ) -> None:
        converse(alice)
        cookie = {"own": tokens_of(app).cookie, "legacy": LEGACY, "other": "parley_0123456789ab"}[name]
        for value in GARBAGE:
            with subtests.test(value[:20]):
                answer = anybody.get("/api/conversations", headers={"Cookie": f"{cookie}={value}"})
                assert (answer.status_code, answer.json["items"]) == (200, [])
                assert response_cookie(answer)[1] != value
                answer = anybody.post("/api/conversations", json={}, headers={"Cookie": f"{cookie}={value}"})
                assert answer.status_code == 201
                assert response_cookie(answer)[1] != value
                assert response_cookie(answer)[1] not in answer.text

    def test_its_bearer_has_no_user(self, app: Flask, alice: FlaskClient, anybody: FlaskClient) -> None:
        mine = converse(alice)
        response = anybody.post(
            f"/api/conversations/{mine}/turns",
            json={"text": "Mine?"},
            headers={"Cookie": f"{tokens_of(app).cookie}=nobodys"},
        )
        assert response.status_code == 404
        assert response_cookie(response)[1] != "nobodys"

    def test_an_identity_cannot_be_chosen(self, alice: FlaskClient, anybody: FlaskClient, app: Flask) -> None:
        converse(alice)
        number = alice.get("/api/me").json["user"]["id"]
        cookie = f"{tokens_of(app).cookie}={number}"
        for header in ({"Cookie": cookie}, {"X-User-Id": str(number)}, {"Remote-User": str(number)}):
            assert anybody.get("/api/conversations", headers=header).json["items"] == []


class TestReadingStoresNothing:
    def test_reading_creates_no_row(self, app: Flask, settings: Settings) -> None:
        looks = ["/", "/c/1", "/api/me", "/api/me/data", "/api/me/instructions", "/api/export", "/api/conversations"]
        looks += ["/api/conversations?q=x", "/api/conversations/1", "/api/turns/1", "/api/turns/1/events"]
        for path in looks:
            browser = app.test_client()
            for _ in range(2):
                browser.get(path).close()
        assert rows(settings) == (0, 0)

    def test_writing_to_missing_data_creates_no_row(self, app: Flask, settings: Settings) -> None:
        for method, path in (
            ("POST", "/api/conversations/1/turns"), ("DELETE", "/api/conversations/1"),
            ("PATCH", "/api/conversations/1"), ("POST", "/api/conversations/1/share"),
            ("PUT", "/api/messages/1/feedback"), ("POST", "/api/turns/1/stop"),
            ("POST", "/api/messages/1/regenerate"),
        ):  # fmt: skip
            body = {"text": "x", "value": 1, "title": "x"}
            assert app.test_client().open(path, method=method, json=body).status_code == 404
        assert app.test_client().post("/api/conversations", json={"title": "x" * 300}).status_code == 422
        assert rows(settings) == (0, 0)

    def test_a_browser_that_wrote_nothing_has_no_user(self, alice: FlaskClient) -> None:
        assert alice.get("/api/me").json["user"] == {"id": None, "name": None}
        converse(alice)
        assert alice.get("/api/me").json["user"]["id"] > 0

    def test_the_identity_of_reading_is_the_one_of_writing(self, alice: FlaskClient, settings: Settings) -> None:
        alice.get("/")
        token = token_of(alice)
        mine = converse(alice)
        assert token_of(alice) == token
        assert wait_for_turn(alice, ask(alice, mine))["status"] == "completed"
        assert rows(settings) == (1, 1)

    def test_saving_instructions_creates_a_user(self, alice: FlaskClient) -> None:
        alice.get("/")
        assert alice.put("/api/me/instructions", json={"text": "Be brief."}).status_code == 200
        assert alice.get("/api/me").json["instructions"] == "Be brief."

    def test_first_writes_at_the_same_time_have_one_identity(self, app: Flask, settings: Settings) -> None:
        first = app.test_client()
        first.get("/")
        cookie = {"Cookie": f"{tokens_of(app).cookie}={token_of(first)}"}
        ready, created = threading.Barrier(12), []

        def write() -> None:
            client = app.test_client(use_cookies=False)
            ready.wait(10)
            created.append(client.post("/api/conversations", json={}, headers=cookie).json["id"])

        threads = [threading.Thread(target=write) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        listed = first.get("/api/conversations").json["items"]
        assert {each["id"] for each in listed} == set(created)
        assert len(listed) == 12
        assert rows(settings) == (1, 1)


class TestAnEarlierName:
    """A cookie with a session is accepted under any earlier name and moves to the present name."""

    @pytest.fixture
    def earlier(self, alice: FlaskClient) -> tuple[int, str]:
        """A conversation, and its owner's token of an earlier version, which was not signed."""
        store = alice.application.extensions["parley"].store
        identity = store.sessions.create_anonymous()
        return store.conversations.create(identity.user_id, "From before").id, identity.token

    @pytest.mark.parametrize("name", [LEGACY, "parley_0123456789ab", "__Host-parley_0123456789ab"])
    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_it_is_moved_over(
        self, anybody: FlaskClient, app: Flask, earlier: tuple[int, str], name: str, scheme: str
    ) -> None:
        conversation, token = earlier
        where = {"base_url": f"{scheme}://localhost"}
        # The cookie of another server on this host does not change.
        others = f"parley_ffffffffffff=theirs; {name}={token}; theme=dark"
        answer = anybody.get("/api/conversations", headers={"Cookie": others}, **where)
        assert [item["id"] for item in answer.json["items"]] == [conversation]
        moved, value, _ = response_cookie(answer)
        assert (moved, value) == (("__Host-" if scheme == "https" else "") + tokens_of(app).cookie, token)
        again = anybody.get("/api/conversations", headers={"Cookie": f"{others}; {moved}={value}"}, **where)
        assert [item["id"] for item in again.json["items"]] == [conversation]
        assert "Set-Cookie" not in again.headers

    def test_a_first_question_after_an_upgrade(self, anybody: FlaskClient, earlier: tuple[int, str]) -> None:
        conversation, token = earlier
        cookie = {"Cookie": f"{LEGACY}={token}"}
        response = anybody.post(f"/api/conversations/{conversation}/turns", json={"text": "And?"}, headers=cookie)
        assert response.status_code == 202
        events_url = response.json["events_url"]
        assert anybody.get(events_url, headers=cookie).data

    def test_another_key_keeps_identities(self, make_app: Callable[..., Flask], alice: FlaskClient) -> None:
        mine = converse(alice)
        cookie = {"Cookie": f"{tokens_of(alice.application).cookie}={token_of(alice)}"}
        later = make_app(secret_key="another-key-than-before")
        answer = later.test_client(use_cookies=False).get("/api/conversations", headers=cookie)
        assert [item["id"] for item in answer.json["items"]] == [mine]
        assert response_cookie(answer)[0] == tokens_of(later).cookie != tokens_of(alice.application).cookie

    def test_http_and_https_are_one_browser(self, app: Flask) -> None:
        browser = app.test_client()
        mine = converse(browser)
        secure = browser.get("/api/conversations", base_url="https://localhost")
        assert [item["id"] for item in secure.json["items"]] == [mine]
        assert response_cookie(secure)[:2] == ("__Host-" + tokens_of(app).cookie, token_of(browser))
        assert [item["id"] for item in browser.get("/api/conversations").json["items"]] == [mine]

    def test_another_cookie_does_not_replace_the_own_one(
        self, app: Flask, anybody: FlaskClient, mallory: FlaskClient
    ) -> None:
        """Another site on this host may set cookies; its identity must not replace the browser's own."""
        converse(mallory)
        own = app.test_client()
        own.get("/")
        cookies = f"parley_aaaaaaaaaaaa={token_of(mallory)}; {tokens_of(app).cookie}={token_of(own)}"
        answer = anybody.post("/api/conversations", json={"title": "Mine"}, headers={"Cookie": cookies})
        assert answer.status_code == 201
        assert [item["title"] for item in mallory.get("/api/conversations").json["items"]] == [""]
        assert [item["title"] for item in own.get("/api/conversations").json["items"]] == ["Mine"]


def test_two_servers_on_one_host_do_not_take_each_others_chats(tmp_path: Path, make_app: Callable[..., Flask]) -> None:
    """A browser shares cookies between all ports of a host. It visits both servers alternately."""
    jar: dict[str, str] = {}

    def call(app: Flask, method: str, path: str, **more: Any) -> TestResponse:
        cookies = "; ".join(f"{name}={value}" for name, value in jar.items())
        answer = app.test_client(use_cookies=False).open(path, method=method, headers={"Cookie": cookies}, **more)
        jar.update([response_cookie(answer)[:2]] if "Set-Cookie" in answer.headers else [])
        return answer

    conversations: dict[str, list[int]] = {"one": [], "two": []}
    for _ in range(4):
        for name, mine in conversations.items():
            # A process has one store at a time.
            app = make_app(data_dir=tmp_path / name, database_url=f"sqlite:///{tmp_path}/{name}.db", secret_key="")
            call(app, "GET", "/")
            assert [item["id"] for item in call(app, "GET", "/api/conversations").json["items"]] == mine[::-1]
            mine.append(call(app, "POST", "/api/conversations", json={}).json["id"])
            app.extensions["parley"].stop()
    assert len(jar) == 2


class TestRenewal:
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock(START_MS)

    def test_a_year_of_visits(self, alice: FlaskClient, clock: FakeClock, settings: Settings) -> None:
        mine = converse(alice)
        token = token_of(alice)
        renewed = 0
        for day in range(1, 366, 7):
            clock.wall_ms = START_MS + day * DAY_MS
            answer = alice.get("/api/conversations")
            assert [item["id"] for item in answer.json["items"]] == [mine]
            renewed += response_cookie(answer)[1] == token
            assert "Set-Cookie" not in alice.get("/api/conversations").headers
        assert renewed == 53

    def test_a_locked_database_only_puts_it_off(self, alice: FlaskClient, clock: FakeClock) -> None:
        mine = converse(alice)
        clock.wall_ms = START_MS + DAY_MS
        engine = alice.application.extensions["parley"].store.engine
        engine.lock_timeout_s = 0.05
        with write_lock(engine):
            answer = alice.get("/api/conversations")
            assert [item["id"] for item in answer.json["items"]] == [mine]
            assert "Set-Cookie" not in answer.headers
        assert response_cookie(alice.get("/api/conversations"))

    def test_a_user_without_data_is_removed_after_a_day_and_recreated(
        self, app: Flask, clock: FakeClock, settings: Settings
    ) -> None:
        expiry = app.extensions["parley"].expiry
        browsers = [app.test_client() for _ in range(4)]
        for browser in browsers:
            mine = converse(browser)
            if browser is not browsers[0]:
                browser.delete(f"/api/conversations/{mine}")
        browsers[1].put("/api/me/instructions", json={"text": "Be brief."})
        token = token_of(browsers[3])
        clock.wall_ms = START_MS + DAY_MS - 60_000
        assert expiry.sweep_users() == 0
        browsers[2].get("/")  # in use
        clock.wall_ms = START_MS + DAY_MS + 60_000
        assert expiry.sweep_users() == 1
        assert rows(settings) == (3, 3)
        clock.wall_ms = START_MS + 3 * DAY_MS
        assert expiry.sweep_users() == 1
        assert rows(settings) == (2, 2)
        converse(browsers[3])
        assert token_of(browsers[3]) == token
        assert len(browsers[3].get("/api/conversations").json["items"]) == 1
        assert rows(settings) == (3, 3)


def test_the_database_does_not_contain_the_token(alice: FlaskClient, settings: Settings) -> None:
    converse(alice)
    content = dump(settings.database_url)
    assert token_of(alice) not in content
    assert hashlib.sha256(token_of(alice).encode()).hexdigest() in content


def test_a_deleted_session_gives_no_access(alice: FlaskClient, settings: Settings) -> None:
    mine = converse(alice)
    sql(settings.database_url, "DELETE FROM sessions")
    assert alice.get(f"/api/conversations/{mine}").status_code == 404
    assert alice.post(f"/api/conversations/{mine}/turns", json={"text": "x"}).status_code == 404


def test_own_tokens_are_shorter_than_the_limit(app: Flask) -> None:
    assert len(tokens_of(app).new()) < browser_user._TOKEN_CHARS


def test_below_a_path_the_cookie_is_for_that_path(make_app: Callable[..., Flask]) -> None:
    app = make_app(base_path="/chat")
    client = app.test_client(use_cookies=False)
    for scheme, prefix in (("https", "__Secure-"), ("http", "")):
        where = {"base_url": f"{scheme}://localhost"}
        answer = client.post("/chat/api/conversations", json={}, **where)
        name, token, attributes = response_cookie(answer)
        assert (name, attributes["path"]) == (prefix + tokens_of(app).cookie, "/chat")
        listed = client.get("/chat/api/conversations", headers={"Cookie": f"{name}={token}"}, **where)
        assert [item["id"] for item in listed.json["items"]] == [answer.json["id"]]
        assert "Set-Cookie" not in listed.headers
