"""No turn gets another turn's answer, whatever unsolicited data arrives on a connection."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest

from chat.cancellation import Cancellation
from chat.errors import ModelError
from chat.llm.openai.client import OpenAIModel
from chat.messages import TextDelta
from chat.net.pool import QUARANTINE_S
from tests.fake_clock import FakeClock
from tests.llm.openai.conftest import ask
from tests.servers.scripted_server import DONE, SSE_HEAD, Exchange, answer, finishes, says

USERS = 200
QUESTIONS = 2
# The second answer comes so many seconds after the first, at most: less than a connection rests.
LATE_S = 0.3


def answer_of(*words: str) -> bytes:
    """Return an answer with a Content-Length, for one write."""
    body = b"".join(answer(*words))
    return SSE_HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunked(*words: str) -> bytes:
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in answer(*words))
    return SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n"


def _pieces(exchange: Exchange, data: bytes) -> None:
    """Cut the bytes at the head of the second answer, so that it arrives separately."""
    middle = data.rindex(b"HTTP/1.1 200")
    exchange.send(data[: middle + 5])
    time.sleep(0.002)
    exchange.send(data[middle + 5 :])


def _late(exchange: Exchange, data: bytes) -> None:
    middle = data.rindex(b"HTTP/1.1 200")
    exchange.send(data[:middle])
    threading.Timer(random.uniform(0.0, LATE_S), exchange.send, [data[middle:]]).start()


WAYS: dict[str, Callable[[Exchange, bytes], None]] = {
    "doubled in one write": lambda exchange, data: exchange.send(data),
    "doubled, cut within the second head": _pieces,
    "doubled, the second comes late": _late,
}
FRAMINGS = {"length": answer_of, "chunks": chunked}
STRAYS = {
    "a whole answer": answer_of("stray"),
    "half an answer": chunked("stray")[:120],
    "an interim answer": b"HTTP/1.1 100 Continue\r\n\r\n" + answer_of("stray"),
    "an error": b"HTTP/1.1 400 X\r\nContent-Length: 5\r\n\r\nstray",
    "the end of a head": b"\r\n\r\nstray",
    "an empty line": b"\r\n",
    "the end of chunks": b"0\r\n\r\n",
    "a byte": b"s",
    "events": says("stray") + finishes() + DONE,
}


def text_of(model: OpenAIModel, question: str) -> str:
    return "".join(delta.text for delta in ask(model, text=question) if isinstance(delta, TextDelta))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("framing", FRAMINGS)
def test_an_endpoint_that_answers_twice_never_answers_another(serve, connect, way, framing):
    """Two hundred users, each with a canary, ask several questions one after the other."""

    def script(exchange: Exchange) -> None:
        exchange.keep_alive = True
        question = exchange.json["messages"][0]["content"]
        WAYS[way](exchange, 2 * FRAMINGS[framing](question))

    def user(number: int) -> None:
        for question in range(QUESTIONS):
            canary = f"canary-{number}-{question}"
            try:
                answers[text_of(model, canary) == canary] += 1
            except ModelError as error:
                answers[type(error).__name__] += 1
            time.sleep(random.uniform(0.0, 0.05))

    answers: Counter[object] = Counter()
    model = connect(serve(script), timeout_s=20.0)
    users = [threading.Thread(target=user, args=(number,)) for number in range(USERS)]
    for each in users:
        each.start()
    for each in users:
        each.join()
    assert answers == {True: USERS * QUESTIONS}


@pytest.mark.parametrize("stray", STRAYS)
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_a_connection_with_something_left_over_is_not_used_again(serve, connect, stray, tls):
    def script(exchange: Exchange) -> None:
        exchange.keep_alive = True
        exchange.send(answer_of(exchange.json["messages"][0]["content"]) + STRAYS[stray])

    server = serve(script, tls=tls)
    model, turn = connect(server), Cancellation(20)
    for question in ("one", "two", "three"):
        assert TextDelta(question) in list(ask(model, turn, question))
    assert [exchange.connection for exchange in server.exchanges] == [0, 1, 2]


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize("stray", STRAYS)
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_nor_is_one_on_which_something_came_while_it_was_idle(serve, connect, stray, tls):
    def script(exchange: Exchange) -> None:
        exchange.keep_alive = True
        exchange.send(answer_of(exchange.json["messages"][0]["content"]))
        if exchange.connection == 0:
            assert answered.wait(10)
            exchange.send(STRAYS[stray])
            sent.set()

    answered, sent = threading.Event(), threading.Event()
    server = serve(script, tls=tls)
    model = connect(server)
    assert text_of(model, "one") == "one"
    answered.set()
    assert sent.wait(10)
    assert text_of(model, "two") == "two"
    assert text_of(model, "three") == "three"
    # From then on no connection of that origin is kept.
    assert [exchange.connection for exchange in server.exchanges] == [0, 1, 2]


def test_a_connection_rests_before_another_turn_has_it(serve, connect, transport, parts):
    clock = FakeClock()
    parts["clock"] = clock.monotonic
    server = serve(lambda exchange: exchange.send_chunked(answer("Hi")))
    model = connect(server)
    text_of(model, "one")
    text_of(model, "two")
    clock.advance(QUARANTINE_S)
    text_of(model, "three")
    assert [exchange.connection for exchange in server.exchanges] == ([0, 1, 1] if transport == "lean" else [0, 1, 2])
