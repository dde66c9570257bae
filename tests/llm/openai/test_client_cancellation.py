"""Cancellation of a turn while its model is silent, slow, or about to answer.

`test_under_gevent.py` runs this file once more in a patched process: nothing here may depend on which
kind of thread it runs in. No model here would time out by itself within a test.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from chat.cancellation import Cancellation
from chat.errors import ModelUnavailable, ParleyError, TurnEnded
from chat.messages import Delta, TextDelta, Usage
from tests.llm.openai.conftest import ask
from tests.servers.scripted_server import DONE, SSE_HEAD, STREAM_UNTIL_CLOSED, Exchange, answer, finishes, says

LONG_S = 60.0
SOON_S = 30.0


class Turn:
    """Reader of an answer in its own thread; stores the deltas and the end."""

    def __init__(self, deltas: Iterator[Delta]) -> None:
        self.deltas: list[Delta] = []
        self.error: Exception | None = None
        self.begun = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(deltas,), daemon=True)
        self._thread.start()

    def _read(self, deltas: Iterator[Delta]) -> None:
        try:
            for delta in deltas:
                self.deltas.append(delta)
                self.begun.set()
        except ParleyError as error:
            self.error = error

    def ended_as(self) -> str:
        """Wait for the end of the turn. Return its reason."""
        self._thread.join(SOON_S)
        assert not self._thread.is_alive(), "the turn goes on"
        assert isinstance(self.error, TurnEnded), self.error
        return self.error.reason


class Silent:
    """A script that sends `first` and then nothing until the client leaves. It records that moment."""

    def __init__(self, first: bytes = b"") -> None:
        self.received = threading.Event()
        self.left = threading.Event()
        self._first = first

    def __call__(self, exchange: Exchange) -> None:
        exchange.send(self._first)
        self.received.set()
        if exchange.client_left(LONG_S):
            self.left.set()


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def tls(request) -> bool:
    return request.param


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200", SSE_HEAD], ids=["nothing", "a word", "part of the head"])
def test_while_the_answer_has_not_begun(serve, connect, tls, first):
    script = Silent(first)
    cancellation = Cancellation(LONG_S)
    turn = Turn(ask(connect(serve(script, tls=tls), LONG_S), cancellation))
    assert script.received.wait(SOON_S)
    cancellation.cancel("stopped")
    assert turn.ended_as() == "stopped"
    assert script.left.wait(SOON_S)


@pytest.mark.usefixtures("restless")
def test_while_the_answer_has_not_begun_on_a_connection_that_is_used_again(serve, connect, transport, tls):
    silent = Silent()

    def script(exchange):
        if len(server.exchanges) == 1:
            exchange.send_chunked(answer("Hi"))
        else:
            silent(exchange)

    server = serve(script, tls=tls)
    model = connect(server, LONG_S)
    list(ask(model))
    cancellation = Cancellation(LONG_S)
    turn = Turn(ask(model, cancellation))
    assert silent.received.wait(SOON_S)
    cancellation.cancel("stopped")
    assert turn.ended_as() == "stopped"
    assert silent.left.wait(SOON_S)
    assert [exchange.connection for exchange in server.exchanges] == ([0, 0] if transport == "lean" else [0, 1])


@pytest.mark.parametrize("head", [STREAM_UNTIL_CLOSED, SSE_HEAD + b"Content-Length: 99999\r\n\r\n"])
def test_in_the_middle_of_an_answer(serve, connect, tls, head):
    script = Silent(head + says("Hi"))
    cancellation = Cancellation(LONG_S)
    turn = Turn(ask(connect(serve(script, tls=tls), LONG_S), cancellation))
    assert turn.begun.wait(SOON_S)
    cancellation.cancel("interrupted")
    assert turn.ended_as() == "interrupted"
    assert turn.deltas == [TextDelta("Hi")]
    assert script.left.wait(SOON_S)


def test_what_has_arrived_already_is_not_passed_on(serve, connect):
    chunk = b"%x\r\n%s\r\n" % (len(says("word")), says("word"))
    burst = SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + 200 * chunk
    server = serve(lambda exchange: exchange.send(burst))
    cancellation = Cancellation(LONG_S)
    deltas = ask(connect(server, LONG_S), cancellation)
    assert next(deltas).text.startswith("word")
    cancellation.cancel("stopped")
    with pytest.raises(TurnEnded):
        next(deltas)


def test_behind_a_proxy(serve, connect, monkeypatch):
    script = Silent(STREAM_UNTIL_CLOSED + says("Hi"))
    proxy = serve(script)
    monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/v1"))
    cancellation = Cancellation(LONG_S)
    turn = Turn(ask(connect(None, LONG_S, url="http://model.invalid/v1"), cancellation))
    assert turn.begun.wait(SOON_S)
    cancellation.cancel("stopped")
    assert turn.ended_as() == "stopped"
    assert script.left.wait(SOON_S)
    assert proxy.exchanges[0].head.startswith(b"POST http://model.invalid/v1/chat/completions ")


def test_many_at_once(serve, connect, tls):
    cancellations = [Cancellation(LONG_S) for _ in range(20)]
    model = connect(serve(Silent(STREAM_UNTIL_CLOSED + says("Hi")), tls=tls), LONG_S)
    turns = [Turn(ask(model, cancellation)) for cancellation in cancellations]
    assert all(turn.begun.wait(SOON_S) for turn in turns)
    for cancellation in cancellations:
        cancellation.cancel("stopped")
    assert {turn.ended_as() for turn in turns} == {"stopped"}


def test_the_deadline_ends_a_silent_model_with_nobody_to_call(serve, connect, tls):
    script = Silent(STREAM_UNTIL_CLOSED + says("Hi"))
    turn = Turn(ask(connect(serve(script, tls=tls), LONG_S), Cancellation(0.2)))
    assert turn.ended_as() == "timeout"
    assert turn.deltas == [TextDelta("Hi")]
    assert script.left.wait(SOON_S)


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (STREAM_UNTIL_CLOSED, b": patience\n\n"),
        (b"HTTP/1.1 500 X\r\nContent-Length: 99999\r\n\r\n", b"patience"),
        (b"HTTP/1.1 200 OK\r\nX-Drip: ", b"patience"),
        (SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"patience"),
    ],
    ids=["comments", "an error", "a head", "a chunk's size"],
)
def test_the_deadline_ends_a_drip(serve, connect, head, drop):
    def script(exchange):
        exchange.send(head)
        while not exchange.client_left(0.02):
            exchange.send(drop)
        left.set()

    left = threading.Event()
    turn = Turn(ask(connect(serve(script), LONG_S), Cancellation(0.2)))
    assert turn.ended_as() == "timeout"
    assert turn.deltas == []
    assert left.wait(SOON_S)


def test_a_drip_after_the_last_word_does_not_hold_up_the_end(serve, connect):
    def script(exchange):
        exchange.send(STREAM_UNTIL_CLOSED + says("Hi") + finishes() + DONE)
        while not exchange.client_left(0.02):
            exchange.send(b": patience\n\n")

    turn = Turn(ask(connect(serve(script), LONG_S), Cancellation(LONG_S)))
    turn._thread.join(SOON_S)
    assert turn.error is None
    assert turn.deltas == [TextDelta("Hi")]


def test_while_waiting_for_the_next_attempt(serve, connect):
    def script(exchange):
        exchange.send(b"HTTP/1.1 503 X\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n")
        received.set()

    received = threading.Event()
    server = serve(script)
    cancellation = Cancellation(LONG_S)
    turn = Turn(ask(connect(server, LONG_S), cancellation))
    assert received.wait(SOON_S)
    cancellation.cancel("stopped")
    assert turn.ended_as() == "stopped"
    assert len(server.exchanges) == 1


def test_a_reader_that_leaves_closes_the_connection(serve, connect, tls):
    script = Silent(STREAM_UNTIL_CLOSED + says("Hi"))
    deltas = ask(connect(serve(script, tls=tls), LONG_S))
    assert next(deltas) == TextDelta("Hi")
    deltas.close()
    assert script.left.wait(SOON_S)


@pytest.mark.usefixtures("restless")
def test_one_turns_end_is_not_anothers(serve, connect, transport):
    """A late cancellation does not touch the connection, which another turn uses meanwhile."""

    def script(exchange):
        if len(server.exchanges) == 1:
            exchange.send_chunked(answer("first"))
        else:
            exchange.send(STREAM_UNTIL_CLOSED + says("second"))
            assert cancelled.wait(SOON_S)
            exchange.send(finishes() + DONE)

    cancelled = threading.Event()
    server = serve(script)
    model = connect(server, LONG_S)
    lines = []
    first = Cancellation(LONG_S)
    # The closer is kept as `cancel` keeps it that was called just before the answer's end.
    original = first.closing
    first.closing = lambda close: lines.append(close) or original(close)
    assert list(ask(model, first)) == [TextDelta("first"), Usage(7, 1)]
    second = ask(model)
    assert next(second) == TextDelta("second")
    (cancel,) = lines
    cancel()
    cancelled.set()
    assert list(second) == []
    assert [exchange.connection for exchange in server.exchanges] == ([0, 0] if transport == "lean" else [0, 1])


def test_a_fault_stays_a_fault_when_nothing_was_cancelled(serve, connect):
    server = serve(lambda exchange: exchange.send(b"HTTP/1.1 503 X\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n"))
    with pytest.raises(ModelUnavailable):
        list(ask(connect(server), Cancellation(LONG_S)))
