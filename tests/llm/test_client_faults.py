"""Everything an endpoint can do wrong, over a real connection: each has a name, an end, and no secret in it."""

from __future__ import annotations

import email.utils
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chat.cancellation import Cancellation
from chat.errors import (
    ModelError,
    ModelGarbled,
    ModelInterrupted,
    ModelRateLimited,
    ModelRejected,
    ModelTimeout,
    ModelUnavailable,
    ModelUnreachable,
    QuestionTooLong,
    TurnEnded,
)
from chat.llm.client import OpenAIModel
from chat.messages import TextDelta, Usage
from config.logging import set_up
from config.settings import Settings

from .conftest import KEY, ask
from .scripted_server import DONE, SSE_HEAD, STREAM_UNTIL_CLOSED, answer, counts, event, finishes, says

pytestmark = pytest.mark.usefixtures("at_once")

CHUNKED = SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def status(code: int, body: object = "", *headers: str) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {code} X", f"Content-Length: {len(data)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def error(message: str, **more: str) -> dict:
    return {"error": {"message": message, **more}}


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def outcome(deltas) -> tuple[list, ModelError]:
    """What came, and the error that ended it."""
    came = []
    with pytest.raises(ModelError) as caught:
        for delta in deltas:
            came.append(delta)  # noqa: PERF402 - the error comes in between
    assert KEY not in str(caught.value)
    return came, caught.value


def failed(server, model, attempts: int = 1) -> ModelError:
    """The error of an answer of which nothing came, after so many attempts."""
    came, fault = outcome(ask(model))
    assert came == []
    assert len(server.exchanges) == attempts
    return fault


@pytest.mark.parametrize(
    ("code", "body", "named"),
    [
        (400, b"<html>bad</html>", "CHAT_MODEL"),
        (401, error(f"Incorrect API key provided: {KEY}"), "OPENAI_API_KEY"),
        (402, error("Pay first"), "Pay first"),
        (403, error("Not this model"), "CHAT_MODEL"),
        (404, error("The model `x` does not exist"), "CHAT_MODEL"),
        (404, b"404 page not found", "OPENAI_BASE_URL"),
        (308, b"", "OPENAI_BASE_URL"),
        (429, error("You exceeded your quota", code="insufficient_quota"), "quota"),
    ],
)
def test_what_asking_again_would_not_change(serve, connect, code, body, named):
    server = serve(lambda exchange: exchange.send(status(code, body, "Location: /elsewhere")))
    fault = failed(server, connect(server))
    assert type(fault) is ModelRejected
    assert not fault.retryable
    assert named in str(fault)


@pytest.mark.parametrize("body", [b"", {}, error("Bad Request"), {"detail": [{"loc": ["body"]}]}])
def test_a_refusal_without_a_reason_is_asked_once_more_without_the_one_option_that_was_sent(serve, connect, body):
    server = serve(lambda exchange: exchange.send(status(422, body)))
    fault = failed(server, connect(server), attempts=2)
    assert type(fault) is ModelRejected
    assert "422" in str(fault)


@pytest.mark.parametrize(
    ("code", "body"),
    [(400, error("maximum context length is 10 tokens", code="context_length_exceeded")), (413, {}), (413, b"<html>")],
)
def test_a_question_that_is_too_long_is_not_asked_again(serve, connect, code, body):
    server = serve(lambda exchange: exchange.send(status(code, body)))
    fault = failed(server, connect(server))
    assert type(fault) is QuestionTooLong
    assert "question alone is too long" in str(fault)


@pytest.mark.parametrize("code", [500, 502, 503, 529])
def test_a_failing_server_is_asked_three_times(serve, connect, code):
    server = serve(lambda exchange: exchange.send(status(code, error("Try later"))))
    fault = failed(server, connect(server), attempts=3)
    assert type(fault) is ModelUnavailable
    assert str(code) in str(fault)
    assert "Try later" in str(fault)


def test_too_many_requests_are_repeated(serve, connect):
    server = serve(lambda exchange: exchange.send(status(429, error("Slow down"))))
    assert type(failed(server, connect(server), attempts=3)) is ModelRateLimited


def test_a_short_wait_that_is_asked_for_is_kept(serve, connect):
    def script(exchange):
        times.append(time.monotonic())
        if len(times) == 1:
            exchange.send(status(429, error("Slow down"), "Retry-After: 0.3"))
        else:
            exchange.send_chunked(answer("Hi"))

    times: list[float] = []
    assert list(ask(connect(serve(script)))) == [TextDelta("Hi"), Usage(7, 1)]
    assert times[1] - times[0] >= 0.3


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize(
    ("retry_after", "named"),
    [
        ("60", "try again in 60 s"),
        ("5.6", "try again in 6 s"),
        (email.utils.formatdate(time.time() + 3000, usegmt=True), " min"),
        ("9" * 400, "more than a day"),
    ],
    ids=["seconds", "a fraction", "a date", "for ever"],
)
def test_a_long_wait_that_is_asked_for_ends_it_and_is_named(serve, connect, code, retry_after, named):
    server = serve(lambda exchange: exchange.send(status(code, error("Slow down"), f"Retry-After: {retry_after}")))
    fault = failed(server, connect(server))
    assert named in str(fault)


@pytest.mark.parametrize("retry_after", ["soon", "-5", "nan", "inf", "Mon, 99 Foo 2020", ""])
def test_a_wait_that_cannot_be_read_is_passed_over(serve, connect, retry_after):
    server = serve(lambda exchange: exchange.send(status(429, error("Slow down"), f"Retry-After: {retry_after}")))
    failed(server, connect(server), attempts=3)


def test_no_wait_reaches_past_the_turns_end(serve, connect):
    server = serve(lambda exchange: exchange.send(status(429, error("Slow down"), "Retry-After: 4")))
    with pytest.raises(ModelRateLimited):
        list(ask(connect(server), Cancellation(3)))
    assert len(server.exchanges) == 1


def test_the_second_attempt_may_succeed(serve, connect):
    def script(exchange):
        if len(server.exchanges) == 1:
            exchange.reset()
        else:
            exchange.send_chunked(answer("Hi"))

    server = serve(script)
    assert list(ask(connect(server))) == [TextDelta("Hi"), Usage(7, 1)]


def test_nothing_listens(connect):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    _, fault = outcome(ask(connect(None, url=url)))
    assert type(fault) is ModelUnreachable
    assert "refuses connections" in str(fault)


def test_an_unknown_host(connect):
    _, fault = outcome(ask(connect(None, url="http://no-such-host.invalid/v1")))
    assert type(fault) is ModelUnreachable
    assert "host name" in str(fault)
    assert "no-such-host" not in str(fault)


def test_a_certificate_that_is_not_trusted(serve, monkeypatch):
    server = serve(lambda exchange: exchange.send_chunked(answer("Hi")), tls=True)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    model = OpenAIModel(KEY, server.url, 5.0)
    _, fault = outcome(ask(model))
    assert type(fault) is ModelUnreachable
    assert "certificate" in str(fault)


def test_a_proxy_that_refuses(serve, connect, monkeypatch):
    proxy = serve(lambda exchange: exchange.send(status(403, b"no")))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url.removesuffix("/v1"))
    _, fault = outcome(ask(connect(None, url="https://model.invalid/v1")))
    assert type(fault) is ModelUnreachable
    assert "proxy" in str(fault)
    assert proxy.exchanges[0].head.startswith(b"CONNECT model.invalid:443 ")
    assert KEY.encode() not in proxy.exchanges[0].head


def test_tls_where_there_is_none(connect):
    def answer_plainly():
        for _ in range(3):
            sock, _ = listener.accept()
            with sock:
                sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                sock.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_plainly)
        thread.start()
        _, fault = outcome(ask(connect(None, url=f"https://127.0.0.1:{listener.getsockname()[1]}/v1")))
        thread.join()
    assert type(fault) is ModelUnreachable
    assert "TLS" in str(fault)


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200", CHUNKED, CHUNKED + chunk(counts(1, 1)), CHUNKED + b"5\r\nda"])
def test_a_connection_that_breaks_before_the_answer(serve, connect, before):
    def script(exchange):
        exchange.send(before)

    server = serve(script)
    assert type(failed(server, connect(server), attempts=3)) is ModelUnreachable


@pytest.mark.parametrize("reset", [False, True])
def test_a_connection_that_breaks_within_the_answer(serve, connect, reset):
    def script(exchange):
        exchange.send(CHUNKED + chunk(says("Hi")))
        assert read.wait(10)
        if reset:
            exchange.reset()

    read = threading.Event()
    server = serve(script)
    deltas = ask(connect(server))
    assert next(deltas) == TextDelta("Hi")
    read.set()
    came, fault = outcome(deltas)
    assert came == []
    assert type(fault) is ModelInterrupted
    assert len(server.exchanges) == 1


def test_a_stream_that_ends_without_a_reason(serve, connect):
    server = serve(lambda exchange: exchange.send(STREAM_UNTIL_CLOSED + says("Hi")))
    came, fault = outcome(ask(connect(server)))
    assert came == [TextDelta("Hi")]
    assert isinstance(fault, ModelInterrupted)


@pytest.mark.parametrize(("reason", "kind"), [("length", ModelInterrupted), ("content_filter", ModelRejected)])
def test_an_answer_that_is_not_whole_keeps_its_text_and_its_usage(serve, connect, reason, kind):
    server = serve(lambda exchange: exchange.send_chunked([says("Hi"), finishes(reason), counts(3, 4), DONE]))
    came, fault = outcome(ask(connect(server)))
    assert came == [TextDelta("Hi"), Usage(3, 4)]
    assert type(fault) is kind


@pytest.mark.parametrize("sent", [b"", CHUNKED, CHUNKED + chunk(says("Hi"))])
def test_silence(serve, connect, sent):
    def script(exchange):
        exchange.send(sent)
        left.append(exchange.client_left())

    left: list[bool] = []
    server = serve(script)
    came, fault = outcome(ask(connect(server, timeout_s=0.2)))
    assert came == [TextDelta("Hi")] * (b"Hi" in sent)
    assert type(fault) is ModelTimeout
    assert "0.2 seconds" in str(fault)
    assert len(server.exchanges) == 1
    server.close()
    assert left == [True]


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
    came, fault = outcome(ask(connect(server)))
    assert came == [TextDelta("Hi")]
    assert type(fault) is ModelGarbled


def test_a_line_of_thirty_megabytes_is_given_up_early(serve, connect):
    def script(exchange):
        exchange.send(STREAM_UNTIL_CLOSED + says("Hi") + b"data: ")
        for _ in range(30):
            try:
                exchange._sock.sendall(b"x" * 1024 * 1024)
            except OSError:
                given_up.append(True)
                return

    given_up: list[bool] = []
    server = serve(script)
    came, fault = outcome(ask(connect(server)))
    assert came == [TextDelta("Hi")]
    assert type(fault) is ModelGarbled
    server.close()
    assert given_up == [True]


@pytest.mark.parametrize("head", [b"HTTP/1.1 500 X\r\n\r\n", b"HTTP/1.1 200 OK\r\n"])
def test_an_error_without_end_is_not_read_to_its_end(serve, connect, head):
    def script(exchange):
        exchange.send(head)
        try:
            while True:
                exchange._sock.sendall(b"X-Endless: " + b"x" * 8000 + b"\r\n")
        except OSError:
            given_up.append(True)

    given_up: list[bool] = []
    server = serve(script)
    failed(server, connect(server), attempts=3)
    server.close()
    assert given_up == [True] * 3


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


def test_nothing_is_repeated_once_something_came(serve, connect):
    server = serve(lambda exchange: exchange.send_chunked([says("Hi"), event(**error("Busy", type="server_error"))]))
    came, fault = outcome(ask(connect(server)))
    assert came == [TextDelta("Hi")]
    assert type(fault) is ModelUnavailable
    assert len(server.exchanges) == 1


def test_a_connection_with_a_fault_is_not_used_again(serve, connect):
    def script(exchange):
        if len(server.exchanges) == 1:
            exchange.send_chunked([says("Hi"), b"data: {broken\n\n", *answer("stray words")])
        else:
            exchange.send_chunked(answer("Hello"))

    server = serve(script)
    model = connect(server)
    outcome(ask(model))
    assert list(ask(model)) == [TextDelta("Hello"), Usage(7, 1)]


@pytest.fixture
def debug_log(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """The program's log at its most talkative; called, it gives what was written so far."""
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
    """A server that repeats the key in every way it can."""
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
