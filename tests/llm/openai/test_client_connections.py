"""Connections that cannot be made or that break: each ends with its own error."""

from __future__ import annotations

import socket
import threading

import pytest

from chat.errors import (
    ModelInterrupted,
    ModelRejected,
    ModelTimeout,
    ModelUnavailable,
    ModelUnreachable,
)
from chat.llm.openai.client import OpenAIModel
from chat.messages import TextDelta, Usage
from tests.llm.openai.conftest import KEY, ask
from tests.llm.openai.fault_cases import CHUNKED, chunk, error, failed, outcome, status
from tests.servers.scripted_server import DONE, STREAM_UNTIL_CLOSED, answer, counts, event, finishes, says

pytestmark = pytest.mark.usefixtures("at_once")


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
    received, fault = outcome(deltas)
    assert received == []
    assert type(fault) is ModelInterrupted
    assert len(server.exchanges) == 1


def test_a_stream_that_ends_without_a_reason(serve, connect):
    server = serve(lambda exchange: exchange.send(STREAM_UNTIL_CLOSED + says("Hi")))
    received, fault = outcome(ask(connect(server)))
    assert received == [TextDelta("Hi")]
    assert isinstance(fault, ModelInterrupted)


@pytest.mark.parametrize(("reason", "kind"), [("length", ModelInterrupted), ("content_filter", ModelRejected)])
def test_an_answer_that_is_not_whole_keeps_its_text_and_its_usage(serve, connect, reason, kind):
    server = serve(lambda exchange: exchange.send_chunked([says("Hi"), finishes(reason), counts(3, 4), DONE]))
    received, fault = outcome(ask(connect(server)))
    assert received == [TextDelta("Hi"), Usage(3, 4)]
    assert type(fault) is kind


@pytest.mark.parametrize("sent", [b"", CHUNKED, CHUNKED + chunk(says("Hi"))])
def test_silence(serve, connect, sent):
    def script(exchange):
        exchange.send(sent)
        left.append(exchange.client_left())

    left: list[bool] = []
    server = serve(script)
    received, fault = outcome(ask(connect(server, timeout_s=0.2)))
    assert received == [TextDelta("Hi")] * (b"Hi" in sent)
    assert type(fault) is ModelTimeout
    assert "0.2 seconds" in str(fault)
    assert len(server.exchanges) == 1
    server.close()
    assert left == [True]


def test_nothing_is_repeated_once_something_came(serve, connect):
    server = serve(lambda exchange: exchange.send_chunked([says("Hi"), event(**error("Busy", type="server_error"))]))
    received, fault = outcome(ask(connect(server)))
    assert received == [TextDelta("Hi")]
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
