"""GET /admin/memory-debug: turns, conversations and memory of every worker."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chat.messages import Message
from config.settings import Settings

from ..api_client import ask, assert_error, assert_shape, converse, exchange, token_of, utc_time, wait_for_turn
from ..conftest import HeldAnswer

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

CONVERSATION = {
    "id": int,
    "messages": int,
    "tokens": int,
    "bytes": int,
    "idle_s": float,
    "running": bool,
    "subscribers": int,
}
WORKER = {
    "pid": int,
    "host": str,
    "server": str,
    "mode": str,
    "worker_class": str,
    "started_at": utc_time,
    "reported_at": utc_time,
    "stale": bool,
    "active_turns": int,
    "active_conversations": int,
    "conversations_in_memory": int,
    "memory_bytes": int,
    "memory_limit_bytes": int,
    "open_streams": int,
    "greenlets": int,
    "threads": int,
    "fds": int,
    "rss_bytes": int,
    "pss_bytes": int,
    "loop_lag_ms": float,
    "blocked": [{"at": utc_time, "ms": int, "where": str}],
    "conversations": [CONVERSATION],
}
TOTALS = ("active_turns", "active_conversations", "conversations_in_memory", "memory_bytes", "rss_bytes")
REPORT = {
    "mode": str,
    "at": utc_time,
    "totals": {"servers": int, "workers": int} | dict.fromkeys(TOTALS, int),
    "workers": [WORKER],
}


def report(client: FlaskClient, **more: Any) -> dict[str, Any]:
    answer = client.get("/admin/memory-debug", **more)
    assert (answer.status_code, answer.content_type) == (200, "application/json"), answer.text
    assert_shape(answer.json, REPORT)
    totals = answer.json["totals"]
    assert totals["workers"] == len(answer.json["workers"])
    for name in TOTALS:
        assert totals[name] == sum(worker[name] for worker in answer.json["workers"])
    return answer.json


def test_a_worker_at_rest(alice: FlaskClient, settings: Settings) -> None:
    answer = report(alice)
    assert answer["mode"] == "sync"
    (me,) = answer["workers"]
    assert (me["pid"], me["host"]) == (os.getpid(), socket.gethostname())
    assert (me["mode"], me["worker_class"], me["stale"]) == ("sync", "gthread", False)
    assert (me["active_turns"], me["open_streams"], me["conversations"]) == (0, 0, [])
    assert me["memory_limit_bytes"] == settings.memory_limit_mb * 1024 * 1024
    assert 0 < me["pss_bytes"] <= me["rss_bytes"] * 1.1
    assert utc_time(me["started_at"]) <= utc_time(me["reported_at"]) <= utc_time(answer["at"])


def test_a_turn_and_its_followers(alice: FlaskClient, held: HeldAnswer) -> None:
    conversation = converse(alice)
    started = ask(alice, conversation)
    (me,) = report(alice)["workers"]
    assert (me["active_turns"], me["active_conversations"], me["open_streams"]) == (1, 1, 0)
    (listed,) = me["conversations"]
    assert listed["id"] == conversation
    assert (listed["running"], listed["subscribers"], listed["messages"]) == (True, 0, 0)

    streams = [alice.get(started["events_url"]) for _ in range(2)]
    for stream in streams:
        next(iter(stream.response))
    (me,) = report(alice)["workers"]
    assert (me["active_turns"], me["open_streams"], me["conversations"][0]["subscribers"]) == (1, 2, 2)
    for stream in streams:
        stream.close()
    held.go()
    wait_for_turn(alice, started)


def test_conversations_in_memory(alice: FlaskClient) -> None:
    conversations = [converse(alice), converse(alice)]
    for conversation in conversations:
        exchange(alice, conversation, "x" * 4000)
    until = time.monotonic() + 10
    while len((me := report(alice)["workers"][0])["conversations"]) < 2 or me["active_turns"]:
        assert time.monotonic() < until  # a turn leaves the registry just after its last event
    assert me["conversations_in_memory"] == 2
    assert me["memory_bytes"] == sum(listed["bytes"] for listed in me["conversations"])
    for listed in me["conversations"]:
        assert listed["id"] in conversations
        assert (listed["messages"], listed["running"], listed["subscribers"]) == (2, False, 0)
        assert listed["bytes"] > 8000
        assert 1500 < listed["tokens"] < 4000
        assert 0 <= listed["idle_s"] < 60


def test_thousands_in_memory_are_counted_and_the_last_ones_listed(alice: FlaskClient) -> None:
    memory = alice.application.extensions["parley"].memory
    for number in range(1, 2001):
        memory.put(number, number, [Message("user", "Hello")])
    body = report(alice)
    assert body["totals"]["conversations_in_memory"] == 2000
    assert [each["id"] for each in body["workers"][0]["conversations"]] == [*range(2000, 1800, -1)]


def test_a_deleted_conversation_leaves_memory(alice: FlaskClient) -> None:
    conversation = converse(alice)
    exchange(alice, conversation)
    assert [listed["id"] for listed in report(alice)["workers"][0]["conversations"]] == [conversation]
    assert alice.delete(f"/api/conversations/{conversation}").status_code == 204
    until = time.monotonic() + 10
    while (me := report(alice)["workers"][0])["active_turns"]:
        assert time.monotonic() < until
    assert (me["conversations"], me["conversations_in_memory"], me["memory_bytes"]) == ([], 0, 0)


def test_a_page_for_a_browser(alice: FlaskClient) -> None:
    exchange(alice, converse(alice))
    page = alice.get("/admin/memory-debug", headers=BROWSER)
    assert (page.status_code, page.content_type) == (200, "text/html; charset=utf-8")
    # It fetches the report by itself, and the policy allows files of this server only.
    assert "js/admin/main.js" in page.text
    assert not re.search(r"<script(?! (?:type=\"module\" )?src=)|\son\w+=|\sstyle=", page.text)


def test_json_for_everybody_else(alice: FlaskClient, subtests: pytest.Subtests) -> None:
    for accept in ("", "*/*", "application/json", "application/json, text/html", "image/png", "\xff"):
        with subtests.test(accept):
            report(alice, headers={"Accept": accept})


@pytest.mark.parametrize("headers", [{}, BROWSER], ids=["JSON", "HTML"])
def test_it_contains_no_text_key_or_setting(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], held: HeldAnswer
) -> None:
    monkeypatch.setenv("SOME_PASSWORD", "canary-environment")
    client = make_app(
        openai_api_key="canary-key", openai_base_url="http://canary-host/v1", chat_models=("canary-model",)
    ).test_client()
    running = ask(client, converse(client, title="canary-title"), "canary-question")
    exchange(client, converse(client, title="canary-title"), "canary-question")
    answer = client.get("/admin/memory-debug", headers=headers)
    assert answer.status_code == 200
    assert "canary" not in answer.text
    assert token_of(client) not in answer.text
    held.go()
    wait_for_turn(client, running)


# Access


def from_address(address: str) -> dict[str, Any]:
    return {"environ_overrides": {"REMOTE_ADDR": address}}


def test_without_a_token_this_machine_has_access_by_each_of_its_names(
    alice: FlaskClient, subtests: pytest.Subtests
) -> None:
    for address in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"):
        with subtests.test(address):
            report(alice, **from_address(address))
    for host in ("localhost", "localhost:5000", "127.0.0.1:5000", "127.0.0.1", "[::1]:5000", "[::1]"):
        with subtests.test(host):
            report(alice, base_url=f"http://{host}")


OTHERS = [
    "192.0.2.1",
    "10.0.0.1",
    "172.17.0.1",
    "0.0.0.0",
    "::",
    "2001:db8::1",
    "::ffff:192.0.2.1",
    "",
    "localhost",
    "x",
]
# Headers that proxies, load balancers and CDNs add; each alone shows that there is a proxy.
FORWARDED = [
    {name: value}
    for names, values in [
        (("X-Forwarded-For", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "True-Client-IP"), ("127.0.0.1", "")),
        (("X-Forwarded-Host", "X-Forwarded-Server", "X-Original-Host", "X-Host"), ("localhost",)),
        (("X-Forwarded-Proto", "X-Forwarded-Scheme", "X-Scheme", "X-Forwarded-Ssl", "X-Url-Scheme"), ("http",)),
        (("X-Forwarded-Port", "X-Forwarded", "X-Forwarded-Prefix", "X-Forwarded-By", "Forwarded-For"), ("x",)),
        (("X-Original-URL", "X-Original-URI", "X-Rewrite-URL", "X-Original-For", "X-Originating-IP"), ("/",)),
        (("Forwarded",), ("for=127.0.0.1", "proto=http", "")),
        (("Via",), ("1.1 proxy", "")),
        (("CF-Connecting-IP", "CF-Ray", "CF-IPCountry", "CF-Visitor", "CDN-Loop", "Cf-Warp-Tag-Id"), ("x",)),
        (("Fastly-Client-IP", "Fastly-FF", "Fastly-SSL", "X-Varnish", "X-Timer"), ("x",)),
        (("X-Amzn-Trace-Id", "X-Amz-Cf-Id", "CloudFront-Viewer-Country", "CloudFront-Is-Mobile-Viewer"), ("x",)),
        (("X-Envoy-External-Address", "X-Envoy-Internal", "X-Request-Id", "X-B3-TraceId"), ("x",)),
        (("X-Azure-ClientIP", "X-Azure-FDID", "X-ARR-LOG-ID", "X-ARR-SSL", "X-SITE-DEPLOYMENT-ID"), ("x",)),
        (("X-Cloud-Trace-Context", "X-Appengine-Country", "X-Akamai-Edgescape", "Akamai-Origin-Hop"), ("x",)),
        (("Fly-Client-IP", "X-Vercel-Id", "X-Nf-Client-Connection-Ip", "X-ProxyUser-Ip"), ("x",)),
        (("Tailscale-User-Login", "Proxy-Connection", "Front-End-Https", "Ali-Cdn-Real-Ip"), ("x",)),
        (("Client-IP", "WL-Proxy-Client-IP", "Proxy-Client-IP", "Remote-User", "Ssl-Client-Cert"), ("x",)),
    ]
    for name in names
    for value in values
]  # fmt: skip
DIRECT = [
    {"User-Agent": "curl/8.5.0", "Accept": "*/*"},
    {"User-Agent": "Mozilla/5.0", "Accept-Language": "de", "Accept-Encoding": "gzip, br", "Connection": "keep-alive",
     "Upgrade-Insecure-Requests": "1", "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?1",
     "Sec-Fetch-Dest": "document", "Sec-CH-UA": '"Chromium"', "Priority": "u=0, i", "DNT": "1", "Sec-GPC": "1",
     "Cache-Control": "max-age=0", "Pragma": "no-cache", "If-None-Match": "x", "Referer": "http://localhost/"},
    {"User-Agent": "Prometheus/2.5", "X-Prometheus-Scrape-Timeout-Seconds": "10", "Accept-Encoding": "gzip"},
    {"X-Requested-With": "XMLHttpRequest"},
]  # fmt: skip


def test_without_a_token_others_are_refused(alice: FlaskClient, subtests: pytest.Subtests) -> None:
    callers: list[dict[str, Any]] = [from_address(address) for address in OTHERS]
    callers += [{"headers": headers} for headers in FORWARDED]
    callers += [{"headers": {"Host": "0.0.0.0"}}, {"headers": {"Host": "192.0.2.1:5000"}}]
    # nginx's default.
    callers += [{"environ_overrides": {"SERVER_PROTOCOL": "HTTP/1.0"}}]
    for caller in callers:
        with subtests.test(str(caller)):
            assert_error(alice.get("/admin/memory-debug", **caller), 403, "forbidden")
            guessed = caller.get("headers", {}) | {"Authorization": "Bearer "}
            assert_error(alice.get("/admin/memory-debug", **(caller | {"headers": guessed})), 403, "forbidden")


def test_headers_of_direct_callers_are_accepted(alice: FlaskClient, subtests: pytest.Subtests) -> None:
    for headers in DIRECT:
        with subtests.test(str(headers)):
            report(alice, headers=headers)


@pytest.fixture
def guarded(make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(admin_token="canary-token", allowed_hosts=("chat.example",)).test_client()


def test_with_a_token_its_bearer_has_access_from_anywhere(guarded: FlaskClient) -> None:
    for scheme in ("Bearer", "bearer"):
        headers = {"Authorization": f"{scheme} canary-token", "X-Forwarded-For": "192.0.2.1", "Host": "chat.example"}
        report(guarded, headers=headers, **from_address("192.0.2.1"))


AUTHORIZATIONS = [
    None,
    "",
    "Bearer",
    "Bearer ",
    "Bearer wrong",
    "Bearer canary-toke",
    "Bearer canary-token2",
    "Bearer CANARY-TOKEN",
    "Bearer \xff",
    "canary-token",
    "Basic canary-token",
    "Token canary-token",
    "Basic Y2FuYXJ5LXRva2VuOmNhbmFyeS10b2tlbg==",
]


def test_with_a_token_others_are_refused(guarded: FlaskClient, subtests: pytest.Subtests) -> None:
    for authorization in AUTHORIZATIONS:
        with subtests.test(authorization):
            headers = {} if authorization is None else {"Authorization": authorization}
            for path in ("/admin/memory-debug", "/admin/memory-debug?token=canary-token"):
                refused = guarded.get(path, headers=headers)
                assert_error(refused, 401, "unauthorized")
                assert refused.headers["WWW-Authenticate"] == "Bearer"
                assert "canary" not in refused.text


# The other workers


@pytest.fixture
def neighbour() -> Iterator[int]:
    """Another process of this user during the test."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process.pid
        process.kill()


def leave(settings: Settings, name: object, text: str | bytes) -> Path:
    """Write a report as a worker does."""
    path = settings.data_dir / "run" / f"{name}.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_the_other_workers_are_in_it(alice: FlaskClient, settings: Settings, neighbour: int) -> None:
    me = report(alice)["workers"][0]
    theirs = me | {"pid": neighbour, "active_turns": 3, "active_conversations": 2, "memory_bytes": 1000}
    leave(settings, neighbour, json.dumps(theirs))
    body = report(alice)
    assert [worker["pid"] for worker in body["workers"]] == sorted([me["pid"], neighbour])
    assert theirs in body["workers"]
    assert body["totals"]["active_turns"] == 3


def test_a_worker_that_does_not_report_any_more_is_stale(
    alice: FlaskClient, settings: Settings, neighbour: int
) -> None:
    theirs = report(alice)["workers"][0] | {"pid": neighbour, "published": time.monotonic() - 20}
    leave(settings, neighbour, json.dumps(theirs))
    stale = {worker["pid"]: worker["stale"] for worker in report(alice)["workers"]}
    assert stale == {os.getpid(): False, neighbour: True}


def test_a_worker_that_is_dead_is_not(alice: FlaskClient, settings: Settings) -> None:
    with subprocess.Popen(["true"]) as dead:
        dead.wait()
    path = leave(settings, dead.pid, json.dumps(report(alice)["workers"][0] | {"pid": dead.pid}))
    assert [worker["pid"] for worker in report(alice)["workers"]] == [os.getpid()]
    assert not path.exists()


GARBAGE = [
    b"",
    b"{",
    b"[]",
    b"5",
    b"null",
    b'"x"',
    b"{}",
    b'{"pid": 1}',
    b'{"pid": "x"}',
    b"\xff\xfe",
    b"[" * 100_000,
    b"9" * 5000,
]


def test_an_invalid_report_is_ignored(
    alice: FlaskClient, settings: Settings, neighbour: int, subtests: pytest.Subtests
) -> None:
    for garbage in GARBAGE:
        with subtests.test(garbage[:9]):
            leave(settings, neighbour, garbage)
            assert [worker["pid"] for worker in report(alice)["workers"]] == [os.getpid()]
    for name in ("x", "-1", "0", "1.5", "9" * 30, "9" * 200):
        with subtests.test(name[:9]):
            path = leave(settings, name, "{}")
            assert [worker["pid"] for worker in report(alice)["workers"]] == [os.getpid()]
            path.unlink(missing_ok=True)


def test_a_folder_in_a_reports_place(alice: FlaskClient, settings: Settings, neighbour: int) -> None:
    (settings.data_dir / "run" / f"{neighbour}.json").mkdir()
    assert [worker["pid"] for worker in report(alice)["workers"]] == [os.getpid()]


def test_without_the_folder_the_own_worker_is_reported(alice: FlaskClient, settings: Settings) -> None:
    report(alice)
    run = settings.data_dir / "run"
    away = run.rename(run.with_name("away"))
    assert [worker["pid"] for worker in report(alice)["workers"]] == [os.getpid()]
    away.rename(run)


def test_a_report_with_missing_fields_is_ignored(alice: FlaskClient, settings: Settings, neighbour: int) -> None:
    """Such a report comes from a worker of an older version during a reload."""
    older = report(alice)["workers"][0] | {"pid": neighbour}
    del older["memory_bytes"]
    leave(settings, neighbour, json.dumps(older))
    assert [worker["pid"] for worker in report(alice)["workers"]] == [os.getpid()]
