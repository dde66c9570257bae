"""Responses that no endpoint should send: each ends with its own error, without a secret."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chat.cancellation import Cancellation
from chat.errors import (
    ModelGarbled,
    ModelRateLimited,
    ModelRejected,
    ModelUnavailable,
    ModelUnreachable,
    QuestionTooLong,
    TurnEnded,
)
from chat.llm.openai.client import OpenAIModel
from chat.messages import TextDelta
from config.logging import set_up
from config.settings import Settings
from tests.llm.openai.conftest import KEY, ask
from tests.llm.openai.fault_cases import error, failed, outcome, status
from tests.servers.scripted_server import STREAM_UNTIL_CLOSED, answer, event, says

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><html><p>Sign in</p></html>",
        b"",
        b"{broken",
        b"[]",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
        b"data: {broken\n\n",
        b'data: {"choices": "none"}\n\n',
        b"data: \xff\xfe\n\n",
        b"data: " + b"x" * (2 * 1024 * 1024) + b"\n\n",
        b"x" * (2 * 1024 * 1024),
    ],
)
def test_garbage_with_status_200(serve, connect, body):
    server = serve(lambda exchange: exchange.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body))
    fault = failed(server, connect(server), attempts=3)
    assert type(fault) is ModelGarbled


def test_what_is_no_http_at_all(serve, connect):
    server = serve(lambda exchange: exchange.send(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"))
    assert type(failed(server, connect(server), attempts=3)) is ModelUnreachable


def test_garbage_within_an_answer_leaves_the_text(serve, connect):
    server = serve(lambda exchange: exchange.send(STREAM_UNTIL_CLOSED + says("Hi") + b"data: {broken\n\n"))
    deltas, fault = outcome(ask(connect(server)))
    assert deltas == [TextDelta("Hi")]
    assert type(fault) is ModelGarbled


def test_a_line_of_thirty_megabytes_is_given_up_early(serve, connect):
    def script(exchange):
        exchange.send(STREAM_UNTIL_CLOSED + says("Hi") + b"data: ")
        for _ in range(30):
            try:
                exchange._sock.sendall(b"x" * 1024 * 1024)
            except OSError:
                closed.append(True)
                return

    closed: list[bool] = []
    server = serve(script)
    deltas, fault = outcome(ask(connect(server)))
    assert deltas == [TextDelta("Hi")]
    assert type(fault) is ModelGarbled
    server.close()
    assert closed == [True]


@pytest.mark.parametrize("head", [b"HTTP/1.1 500 X\r\n\r\n", b"HTTP/1.1 200 OK\r\n"])
def test_an_error_without_end_is_not_read_to_its_end(serve, connect, head):
    def script(exchange):
        exchange.send(head)
        try:
            while True:
                exchange._sock.sendall(b"X-Endless: " + b"x" * 8000 + b"\r\n")
        except OSError:
            closed.append(True)

    closed: list[bool] = []
    server = serve(script)
    failed(server, connect(server), attempts=3)
    server.close()
    assert closed == [True] * 3


@pytest.mark.parametrize(
    ("body", "kind", "attempts"),
    [
        (error("Slow down", code="rate_limit_exceeded"), ModelRateLimited, 3),
        (error("Slow down", code=429), ModelRateLimited, 3),
        (error("Busy", type="server_error"), ModelUnavailable, 3),
        (error("Busy", type="overloaded_error"), ModelUnavailable, 3),
        (error("Busy", code=503), ModelUnavailable, 3),
        (error("Too long", code="context_length_exceeded"), QuestionTooLong, 1),
        (error("Over", code="insufficient_quota"), ModelRejected, 1),
        (error("Odd", code="odd"), ModelGarbled, 1),
        ({"error": "Odd"}, ModelGarbled, 1),
    ],
)
def test_an_error_within_the_stream(serve, connect, body, kind, attempts):
    server = serve(lambda exchange: exchange.send_chunked([event(**body)]))
    fault = failed(server, connect(server), attempts)
    assert type(fault) is kind


@pytest.fixture
def debug_log(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Return a function that returns the program's log so far, at the level DEBUG."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    set_up(Settings(log_dir=tmp_path, log_level="DEBUG"))
    log = logging.getLogger("test")
    log.debug("it is on")
    yield (tmp_path / "app.log").read_text
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_no_secret_in_any_sentence_nor_in_the_log(serve, connect, debug_log):
    """The server repeats the key in every possible way."""
    leaks = [
        status(code, error(f"{KEY} at http://me:{KEY}@host/ ({KEY[:9]}…)"), f"Retry-After: {KEY}", f"X-Id: {KEY}")
        for code in (400, 401, 403, 404, 429, 500)
    ]
    leaks += [status(500, KEY.encode()), status(400, {"error": KEY}), STREAM_UNTIL_CLOSED + event(**error(KEY))]
    server = serve(lambda exchange: exchange.send(leaks[int(exchange.json["messages"][0]["content"])]))
    model = connect(server)
    for number in range(len(leaks)):
        _, fault = outcome(ask(model, text=str(number)))
        assert KEY[:9] not in str(fault)
        assert "http" not in str(fault)
        assert len(str(fault)) < 450
        assert fault.__cause__ is None
        assert fault.__suppress_context__
    assert "it is on" in debug_log()
    assert KEY not in debug_log()


def test_a_password_in_the_address_shows_nowhere(serve, connect, debug_log):
    server = serve(lambda exchange: exchange.send(status(500, {})))
    _, fault = outcome(ask(connect(None, url=server.url.replace("//", "//me:hunter2@"))))
    assert "hunter2" not in str(fault) + debug_log()


@pytest.mark.parametrize("key", ["schlüssel", "two\nlines"])
def test_a_key_that_cannot_be_one(key):
    model = OpenAIModel(key, "http://127.0.0.1:9/v1", 5.0)
    model.warm_up()
    _, fault = outcome(ask(model))
    assert type(fault) is ModelRejected
    assert "OPENAI_API_KEY" in str(fault)
    assert key not in str(fault)


def test_a_turn_already_over_is_not_begun(serve, connect):
    server = serve(lambda exchange: exchange.send_chunked(answer("Hi")))
    cancellation = Cancellation(20)
    cancellation.cancel("stopped")
    with pytest.raises(TurnEnded):
        list(ask(connect(server), cancellation))
    assert server.exchanges == []
