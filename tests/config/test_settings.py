"""The settings: their values, and the error for any other value."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from config.paths import ROOT
from config.settings import SettingError, Settings, load

NO_FILE = Path("/nonexistent/.env")

# What each setting takes, as text and as the value that it becomes; and what it does not take.
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "USE_ASYNC_AGENT": (
        {"true": True, "false": False, "TRUE": True, "False": False, "  true  ": True},
        ["1", "0", "yes", "on", "t", "truefalse", "tru", "async"],
    ),
    "WEB_CONCURRENCY": ({"1": 1, "256": 256, "004": 4}, ["0", "257", "-1", "1.5", "1e2", "four", "0x4", "٤", "1_0"]),
    "THREADS": ({"1": 1, "1024": 1024}, ["0", "1025", "+8", "8 8", "9" * 5000]),
    "WORKER_CONNECTIONS": ({"10": 10, "100000": 100_000}, ["9", "100001", "many"]),
    "HOST": (
        {"0.0.0.0": "0.0.0.0", "::": "::", "[::1]": "::1", "localhost": "localhost", "a-b.example": "a-b.example"},
        ["[]", "[", "a b", "http://localhost", "localhost/", "a\tb", "\x00", "a,b", "ä"],
    ),
    "PORT": ({"1": 1, "65535": 65535}, ["0", "65536", "-5000", "5000.0", "http", ":5000"]),
    "OPENAI_API_KEY": ({"sk-x": "sk-x", "x" * 5000: "x" * 5000}, ["a b", "ä", "sk-x\nX-Header: y", "\x00", "\x7f"]),
    "OPENAI_BASE_URL": (
        {
            "http://127.0.0.1:11434/v1": "http://127.0.0.1:11434/v1",
            "https://api.example/v1/": "https://api.example/v1",
            "http://[::1]:1/": "http://[::1]:1",
            "HTTP://API.Example:080/V1//": "http://api.example:80/V1",
            "http://me:p%40ss@api.example/v1/?a=b/": "http://me:p%40ss@api.example/v1?a=b/",
            "http://bücher.example/v1": "http://xn--bcher-kva.example/v1",
            "http://模型.example:8000": "http://xn--xgs754b.example:8000",
            "http://[fe80::1%eth0]/v1": "http://[fe80::1%eth0]/v1",
            "http://gpu_1.example./v1": "http://gpu_1.example./v1",
        },
        ["api.example", "ftp://api.example", "//api.example", "http://", "http:///v1", "http://:80", "https",
         "file:///x", "http://a b", "http://a\nb", "http://a\x00", "http://[", "http://x:port", "http://x:99999",
         "http://x:0", "javascript:1", "http://a..b", "http://.a", f"http://{'a' * 64}.example", "http://999.1.1.1",
         "http://[1.2.3.4]", "http://[v1.x]", "http://a%2fb", "http://*.example", "http://a,b", "http://faß.example",
         "http://１２７.0.0.1", "http://ſ.example", "http://::1/v1"],
    ),
    "CHAT_MODEL": (
        {"one": ("one",), " one , two,,one": ("one", "two"), "a/b:c": ("a/b:c",)},
        [",", ", ,"],
    ),
    "DATABASE_URL": (
        {"sqlite:///x.db": "sqlite:///x.db", "sqlite:////tmp/ä x.db": "sqlite:////tmp/ä x.db"},
        ["x.db", "sqlite:///:memory:", "sqlite:x.db", "sqlite://x.db", "sqlite:///", "sqlite:////", "sqlite:///x/",
         "sqlite:///x.db?mode=ro",
         "sqlite:///x\x00.db", "postgresql:///", "postgresql:/x", "postgresql://a b/c", "mysql://x/y", "SQLITE:///x.db"],
    ),
    "REDIS_URL": (
        {text: text for text in (
            "redis://127.0.0.1", "redis://:p%40ss@redis.example:6380/3", "redis://me:secret@[::1]:6379/0",
            f"rediss://redis.example?ssl_ca_certs={__file__}", "unix:///run/redis.sock", "unix://:secret@/run/r.sock?db=2",
            "redis://one,two:26380,[::1]/1?sentinel=main&sentinel_password=x", "redis://localhost/",
        )},
        ["localhost", "localhost:6379", "0", "http://localhost", "redis:localhost", "redis://", "redis://:0", "redis://x:0",
         "redis://x:99999", "redis://x:port", "redis://x/one", "redis://x/-1", "redis://one,two", "redis://x?db=1#2",
         "redis://secret@x", "redis://:a/b@x", "redis://:a#b@x", "redis://:a?b@x", "redis://x?timeout=5",
         "redis://x?sentinel=", "redis://x?sentinel_password=y", "redis://x?ssl_ca_certs=/ca", "unix://", "unix://x",
         "rediss://x?ssl_ca_certs=/no/file",
         "unix://host/run/r.sock", "unix:///run/r.sock?sentinel=a", "redis://x y", "redis://x\ny", "redis://["],
    ),
    "AUTH_MODE": ({"open": "open", "OPEN": "open"}, ["accounts", "none", "closed", "open,accounts"]),
    "ALLOWED_HOSTS": (
        {
            "chat.example": ("chat.example",), "Chat.Example., b.c ,chat.example": ("chat.example", "b.c"), "*": ("*",),
            "bücher.example": ("xn--bcher-kva.example",), "my_host": ("my_host",),
        },
        ["https://chat.example", "chat.example:80", "chat.example/chat", "a b", ",", "*.example", "a..b", "[::1]"],
    ),
    "SECRET_KEY": ({"x" * 16: "x" * 16, "!~" * 40: "!~" * 40}, ["x" * 15, "a key of several words", "é" * 16]),
    "ADMIN_TOKEN": ({"t": "t", "!~": "!~"}, ["x y", "é", "t\tt"]),
    "TURN_TIMEOUT_S": ({"1": 1.0, "86400": 86400.0, "2.5": 2.5},
                       ["0", "0.9", "86401", "-1", "inf", "nan", "1e3", "5s", ".5"]),
    "MODEL_TOOLS": ({"auto": "auto", "TRUE": "true", "false": "false"}, ["yes", "1", "none"]),
    "MODEL_TRANSPORT": ({"lean": "lean", "STANDARD": "standard"}, ["fast", "httpx"]),
    "HTTP_FRONT": ({"lean": "lean", "Standard": "standard"}, ["fast", "gunicorn"]),
    "MODEL_TIMEOUT_S": ({"0.1": 0.1, "3600": 3600.0}, ["0", "3601", "x", "1,5"]),
    "REQUEST_TIMEOUT_S": ({"0.5": 0.5, "3600": 3600.0}, ["0", "3601", "soon"]),
    "GRACE_S": ({"0": 0.0, "3600": 3600.0, "0.5": 0.5}, ["-1", "3601", "x"]),
    "NOTICE_S": ({"600": 600.0, "1.5": 1.5}, ["-1", "601", "x"]),
    "MAX_ACTIVE_TURNS": ({"1": 1, "100000": 100_000}, ["0", "100001", "-1", "none"]),
    "CONTEXT_CHARS": ({"1000": 1000, "10000000": 10_000_000}, ["999", "10000001", "1k"]),
    "MAX_ANSWER_CHARS": ({"1000": 1000, "100000000": 100_000_000}, ["999", "100000001", "all"]),
    "MEMORY_LIMIT_MB": ({"1": 1, "65536": 65536}, ["0", "65537", "64MB"]),
    "BASE_PATH": (
        {"/chat": "/chat", "/chat/": "/chat", "/a/b-c_d.e~f": "/a/b-c_d.e~f", "/": ""},
        ["chat", "/a//b", "/a b", "/ä", "/..", "/a/./b", "/api", "/static/x", "/c", "http://x", "/a?b", "/" + "x" * 99],
    ),
    "GREETING": ({"Guten Tag, 世界!": "Guten Tag, 世界!"}, ["a\nb", "x" * 201]),
    "STARTERS": (
        {"One?": ("One?",), " One? | Two? |": ("One?", "Two?"), "|".join("abcdefgh"): tuple("abcdefgh")},
        ["|", "|".join("abcdefghi"), "a\nb", "x" * 201],
    ),
    "TITLE_MODEL": ({"small": "small", "NONE": "none", "openai/gpt 5": "openai/gpt 5"}, ["a\nb", "x" * 201]),
    "SYSTEM_PROMPT_FILE": (
        {"tests/config/prompt.txt": "You are {name}.\nIt is {today}."},
        ["tests/config/none.txt", "tests/config", "/dev/zero", "a\x00b", "wsgi.py/x", "x" * 300, "tests/empty.txt"],
    ),
    "LOG_DIR": ({"logs": ROOT / "logs", "/tmp/x": Path("/tmp/x"), "~/x": Path("~/x").expanduser()},
                ["~nobody-of-that-name/x", "a\x00b", "a\nb"]),
    "LOG_LEVEL": ({"DEBUG": "DEBUG", "warning": "WARNING"}, ["TRACE", "CRITICAL", "10", "INFO,DEBUG"]),
    "LOG_FORMAT": ({"text": "text", "JSON": "json"}, ["xml", "plain", "text json"]),
    "DATA_DIR": ({"data": ROOT / "data", "/tmp/x": Path("/tmp/x")}, ["~nobody-of-that-name", "a\x00b"]),
    "DEMO_LATENCY_S": ({"0": 0.0, "600": 600.0, "0.25": 0.25}, ["-1", "601", "2s", "٢"]),
    "WORLD_BANK_URL": ({"http://127.0.0.1:1/v2/": "http://127.0.0.1:1/v2"}, ["127.0.0.1", "http://[", "http://x?key=1"]),
    "FRANKFURTER_URL": ({"http://127.0.0.1:1": "http://127.0.0.1:1"}, ["x", "ftp://x", "http://x/v1#latest", "http://a..b"]),
}  # fmt: skip

SECRETS = ("OPENAI_API_KEY", "SECRET_KEY", "ADMIN_TOKEN", "REDIS_URL")
DECLARED = {field.metadata["name"]: field for field in fields(Settings)}


def test_every_setting_has_its_cases() -> None:
    assert set(CASES) == set(DECLARED)
    assert all(accepted and refused for accepted, refused in CASES.values())


@pytest.mark.parametrize("name", CASES)
def test_what_it_takes(name: str) -> None:
    for text, value in CASES[name][0].items():
        settings = load({name: text}, NO_FILE)
        actual = getattr(settings, DECLARED[name].name)
        assert (actual, type(actual)) == (value, type(value)), text
        others = {field.name for field in fields(Settings)} - {DECLARED[name].name}
        assert all(getattr(settings, other) == getattr(Settings(), other) for other in others)


@pytest.mark.parametrize("name", CASES)
def test_what_it_does_not_take(name: str, subtests: pytest.Subtests) -> None:
    for text in CASES[name][1]:
        with subtests.test(text[:20]):
            with pytest.raises(SettingError) as refused:
                load({name: text}, NO_FILE)
            sentence = str(refused.value)
            quoted = "a value that is not shown" if name in SECRETS else repr(text[:80])
            assert sentence.startswith(f"{name} is {quoted}, but takes ")
            assert re.fullmatch(r" but takes [a-zA-Z][^\n]{3,100}\.", sentence[sentence.index(" but takes ") :]), (
                sentence
            )


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("empty", ["", " ", "\t \n"])
def test_empty_is_unset(name: str, empty: str) -> None:
    assert load({name: empty}, NO_FILE) == Settings()


def test_nothing_set_is_the_defaults() -> None:
    settings = load({}, NO_FILE)
    assert settings == Settings()
    assert (settings.use_async_agent, settings.web_concurrency, settings.threads) == (True, 4, 8)
    assert (settings.host, settings.port, settings.worker_connections) == ("127.0.0.1", 5000, 2000)
    assert (settings.auth_mode, settings.log_level, settings.log_format) == ("open", "INFO", "text")
    assert (settings.turn_timeout_s, settings.database_url) == (300.0, "sqlite:///data/chat.db")


def test_variables_of_others_are_no_concern() -> None:
    assert load({"PATH": "/bin", "USE_ASYNC": "maybe", "use_async_agent": "maybe", "": "x"}, NO_FILE) == Settings()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]


# Values that follow from others


def test_without_an_endpoint_the_demo_answers() -> None:
    assert Settings().demo
    assert load({"CHAT_MODEL": "big"}, NO_FILE).models == ("demo",)
    for endpoint in ({"OPENAI_API_KEY": "k"}, {"OPENAI_BASE_URL": "http://x/v1"}):
        settings = load(endpoint, NO_FILE)
        assert not settings.demo
        assert len(settings.models) == 1
        assert "demo" not in settings.models
        assert load(endpoint | {"CHAT_MODEL": "big,small"}, NO_FILE).models == ("big", "small")


def test_how_many_turns_a_worker_runs() -> None:
    assert load({"MAX_ACTIVE_TURNS": "7"}, NO_FILE).active_turns_limit == 7
    for connections in ("10", "2000"):
        settings = load({"WORKER_CONNECTIONS": connections}, NO_FILE)
        assert 1 <= settings.active_turns_limit < settings.worker_connections
    settings = load({"USE_ASYNC_AGENT": "false", "THREADS": "3"}, NO_FILE)
    assert settings.active_turns_limit >= settings.threads


# Secrets


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_not_shown(name: str) -> None:
    text = "redis://:canary@redis" if name == "REDIS_URL" else "canary-of-length"
    assert "canary" not in repr(load({name: text}, NO_FILE))
    assert getattr(load({name: text}, NO_FILE), DECLARED[name].name) == text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://user:canary@db.example/chat"),
        ("DATABASE_URL", "postgresql://user:canary of@db.example/chat"),
        ("DATABASE_URL", "mysql://db.example/chat?user=me&password=canary"),
        ("DATABASE_URL", "postgresql:///?sslpassword=canary&host=/run"),
        ("OPENAI_BASE_URL", "ftp://user:canary@api.example/v1"),
        ("OPENAI_BASE_URL", "ftp://user:p@canary@api.example/v1"),
        ("OPENAI_BASE_URL", "ftp://user:p/canary\n@api.example/v1"),
        ("WORLD_BANK_URL", "http://user:canary@[/v1"),
    ],
)
def test_a_password_within_an_address_is_not_shown(name: str, value: str) -> None:
    with pytest.raises(SettingError) as refused:
        load({name: value}, NO_FILE)
    assert "canary" not in str(refused.value)
    assert str(refused.value).startswith(f"{name} is '")


def test_redis_empty_is_unset() -> None:
    assert load({"REDIS_URL": " "}, NO_FILE) == Settings()
