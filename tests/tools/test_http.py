from __future__ import annotations

import contextlib
import dataclasses
import socket
import threading
from typing import Any

import pytest

from chat.tools.http import JsonSource, SourceUnavailable
from tests.reference_cycles import no_reference_cycles
from tests.servers.market_data import MarketDataServer
from tests.servers.scripted_server import ScriptedServer

from .conftest import IMPATIENT, QUICK, ignored, limits_for

PATH = "/country/CHN/indicator/SP.POP.TOTL"
QUERY = {"format": "json", "source": "2", "date": "2020:2025"}


@pytest.fixture
def source(server: MarketDataServer, http) -> JsonSource:
    return JsonSource("The World Bank", server.world_bank_url, http, QUICK)


def failure(source: JsonSource) -> SourceUnavailable:
    """Return the exception of `get`. Runs in a thread, so that an endless request does not hang the test."""
    raised: list[Exception] = []

    def ask() -> None:
        try:
            source.get(PATH, QUERY, ignored)
        except Exception as error:  # noqa: BLE001
            raised.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(20)
    assert not asking.is_alive(), "the request did not end"
    assert raised, "the request did not fail"
    assert isinstance(raised[0], SourceUnavailable), raised[0]
    return raised[0]


def test_json_is_returned_despite_a_byte_order_mark(source, server):
    meta, rows = source.get(PATH, QUERY, ignored)
    assert meta["total"] == len(rows) == 6
    assert server.requests == ["/v2" + PATH + "?format=json&source=2&date=2020%3A2025"]


@pytest.mark.parametrize("fault", ["429", "500", "503", "reset", "truncated"])
def test_transient_failures_are_retried(source, server, fault):
    server.fail(fault, times=2)
    assert source.get(PATH, QUERY, ignored)[0]["page"] == 1
    assert len(server.requests) == 3


@pytest.mark.parametrize("fault", ["429", "500", "503", "reset", "truncated"])
def test_attempts_are_bounded(source, server, fault):
    server.fail(fault)
    assert str(failure(source)).startswith("The World Bank ")
    assert len(server.requests) == QUICK.attempts


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("400", "refused the question (400)"),
        ("204", "refused the question (204)"),
        ("206", "refused the question (206)"),
        ("304", "refused the question (304)"),
        ("407", "refused the question (407)"),
        ("308", "answered with a redirect, which is not followed"),
        ("stall", "did not answer in time"),
        ("drip", "did not answer in time"),
        ("drip_headers", "did not answer in time"),
        ("html", "did not answer in its documented format"),
        ("bad_json", "did not answer in its documented format"),
        ("deep_json", "did not answer in its documented format"),
        ("nan_json", "did not answer in its documented format"),
        ("huge", "sent more than this program reads"),
        ("endless", "sent more than this program reads"),
        ("compressed", "answered in a form that was not asked for"),
        ("redirect", "answered with a redirect, which is not followed"),
    ],
)
def test_permanent_failures_are_not_retried(server, fault, message, http):
    server.fail(fault)
    assert (
        str(failure(JsonSource("The World Bank", server.world_bank_url, http, limits_for(fault))))
        == f"The World Bank {message}."
    )
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
    ],
)
def test_a_source_that_violates_http(response, http):
    with contextlib.closing(ScriptedServer(lambda exchange: exchange.send(response))) as server:
        source = JsonSource("The World Bank", server.url, http, QUICK)
        assert str(failure(source)) == "The World Bank violates HTTP."
        assert len(server.exchanges) == 1


def test_a_status_is_kept(source, server):
    server.fail("503")
    assert failure(source).status == 503


def test_a_redirect_leads_nowhere(source, server):
    with MarketDataServer() as elsewhere:
        server.fail("redirect")
        server.redirect_to = elsewhere.world_bank_url + PATH
        failure(source)
        assert elsewhere.requests == []


@pytest.mark.parametrize("fault", ["redirect", "endless"])
def test_an_encoded_body_is_refused(fault, http):
    with MarketDataServer() as server:
        server.fail(fault)
        failure(JsonSource("The World Bank", server.world_bank_url, http, QUICK))
    assert server.poured < 20 << 20  # what the system buffers, and not 30 MB


def test_an_answer_is_not_read_to_its_end_when_it_is_too_large(server, http):
    source = JsonSource("The World Bank", server.world_bank_url, http, dataclasses.replace(QUICK, body_bytes=500))
    assert str(failure(source)) == "The World Bank sent more than this program reads."


def test_a_long_retry_after_is_not_waited_for(source, server):
    server.fail("429")
    server.retry_after = "3600"
    failure(source)
    assert len(server.requests) == 1


@pytest.mark.parametrize("value", ["-1", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "9" * 4000])
def test_a_strange_retry_after_counts_as_none(source, server, value):
    server.fail("429", times=1)
    server.retry_after = value
    source.get(PATH, QUERY, ignored)
    assert len(server.requests) == 2


def test_refused_connections_are_reported(unused_port, http):
    source = JsonSource("The World Bank", f"http://127.0.0.1:{unused_port}/v2", http, QUICK)
    assert str(failure(source)) == "The World Bank could not be reached."


def test_an_unknown_host_is_reported_without_its_name(http):
    source = JsonSource("The World Bank", "http://nowhere.invalid/v2", http, IMPATIENT)
    assert str(failure(source)) in {
        "The World Bank could not be found on the network.",
        "The World Bank did not answer in time.",
    }


def test_proxies_of_the_environment_are_not_used(server, monkeypatch, http):
    with MarketDataServer() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        source = JsonSource("The World Bank", server.world_bank_url, http, QUICK)
        source.get(PATH, QUERY, ignored)
        assert proxy.requests == []


def test_no_more_than_a_few_requests_run_at_once(server, http):
    limits = dataclasses.replace(QUICK, concurrency=2)
    source = JsonSource("The World Bank", server.world_bank_url, http, limits)
    answers: list[Any] = []
    server.gate.clear()
    asking = [threading.Thread(target=lambda: answers.append(source.get(PATH, QUERY, ignored))) for _ in range(6)]
    for thread in asking:
        thread.start()
    assert not server.third_arrival.wait(0.2), "a third request was sent while two were under way"
    server.gate.set()
    for thread in asking:
        thread.join(10)
    assert len(answers) == len(server.requests) == 6


def test_a_request_in_the_queue_also_fails_in_time(server, http):
    source = JsonSource("The World Bank", server.world_bank_url, http, dataclasses.replace(IMPATIENT, concurrency=1))
    server.fail("stall")
    asking = [threading.Thread(target=failure, args=(source,)) for _ in range(6)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(10)
        assert not thread.is_alive()
    assert len(server.requests) < 6


@pytest.fixture
def unused_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))  # bound, but nobody listens
        yield listener.getsockname()[1]


@pytest.mark.parametrize("fault", ["429", "500", "404", "reset", "truncated", "redirect", "huge", "html"])
def test_a_failure_leaves_no_circles(source, server, fault):
    def fail() -> None:
        server.fail(fault)
        with pytest.raises(SourceUnavailable):
            source.get(PATH, QUERY, ignored)

    fail()
    with no_reference_cycles():
        fail()


def test_an_answer_leaves_no_circles(source):
    source.get(PATH, QUERY, ignored)
    with no_reference_cycles():
        source.get(PATH, QUERY, ignored)
