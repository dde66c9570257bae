"""OpenAIModel against a real server without faults."""

from __future__ import annotations

import threading

import pytest

from chat.cancellation import Cancellation
from chat.llm.openai.client import OpenAIModel
from chat.messages import Message, TextDelta, ToolCall, ToolSpec, Usage
from tests.llm.openai.conftest import KEY, all_deltas, ask
from tests.servers.scripted_server import DONE, SSE_HEAD, STREAM_UNTIL_CLOSED, answer, counts, event, finishes, says

WHOLE = b"".join(answer("Hé", "llo", " 🚀"))
DELTAS = [TextDelta("Héllo 🚀"), Usage(7, 3)]


def test_an_answer(serve, connect):
    server = serve(lambda exchange: exchange.send_chunked(answer("Hé", "llo", " 🚀")))
    assert all_deltas(ask(connect(server))) == DELTAS


def test_what_is_sent(serve, connect):
    server = serve(lambda exchange: exchange.send_chunked(answer("Hi")))
    messages = [Message("system", "Be brief."), Message("user", "Hello?")]
    tool = ToolSpec("market_data", "Looks it up.", {"type": "object", "properties": {}})
    list(connect(server).stream("a-model", messages, [tool], Cancellation(20)))
    (exchange,) = server.exchanges
    assert exchange.head.startswith(b"POST /v1/chat/completions HTTP/1.1\r\n")
    assert f"Authorization: Bearer {KEY}".lower() in exchange.head.decode().lower()
    assert exchange.json["model"] == "a-model"
    assert exchange.json["stream"] is True
    assert exchange.json["stream_options"] == {"include_usage": True}
    assert exchange.json["messages"][1] == {"role": "user", "content": "Hello?"}
    assert exchange.json["tools"][0]["function"]["name"] == "market_data"


def test_a_server_of_ones_own_needs_no_key(serve):
    server = serve(lambda exchange: exchange.send_chunked(answer("Hi")))
    model = OpenAIModel("", server.url, 5.0)
    assert list(ask(model)) == [TextDelta("Hi"), Usage(7, 1)]
    model.close()


def test_over_tls(serve, connect):
    server = serve(lambda exchange: exchange.send_chunked(answer("Hi")), tls=True)
    assert list(ask(connect(server))) == [TextDelta("Hi"), Usage(7, 1)]


def test_cut_at_every_byte(serve, connect):
    stream = says("é🚀") + b": comment\r\n\r\n" + finishes() + DONE
    cut = 0
    server = serve(lambda exchange: exchange.send_chunked([piece for piece in (stream[:cut], stream[cut:]) if piece]))
    model = connect(server)
    for cut in range(len(stream)):
        assert list(ask(model)) == [TextDelta("é🚀")], cut


def test_byte_by_byte_with_carriage_returns(serve, connect):
    stream = b": hello\r\n\r\n" + WHOLE.replace(b"\n", b"\r\n").replace(b"data: ", b"data:")
    server = serve(lambda exchange: exchange.send_chunked(bytes([byte]) for byte in stream))
    assert all_deltas(ask(connect(server))) == DELTAS


def test_a_body_that_ends_with_the_connection(serve, connect):
    server = serve(lambda exchange: exchange.send(STREAM_UNTIL_CLOSED + WHOLE))
    assert all_deltas(ask(connect(server))) == DELTAS


def test_a_stream_that_ends_without_saying_done(serve, connect):
    server = serve(lambda exchange: exchange.send_chunked([says("Hi"), finishes()]))
    assert list(ask(connect(server))) == [TextDelta("Hi")]


def test_the_first_piece_does_not_wait_for_the_next(serve, connect):
    go_on = threading.Event()

    def script(exchange):
        exchange.send(STREAM_UNTIL_CLOSED + says("Hi"))
        assert go_on.wait(10)
        exchange.send(b"".join([finishes(), DONE]))

    deltas = ask(connect(serve(script)))
    assert next(deltas) == TextDelta("Hi")
    go_on.set()
    assert list(deltas) == []


def test_tool_calls_come_whole_and_after_the_text(serve, connect):
    def part(**function):
        return event(choices=[{"delta": {"tool_calls": [{"index": 0, **function}]}}])

    pieces = [
        part(id="call_1", function={"name": "market_data", "arguments": '{"country"'}),
        says("One moment."),
        part(function={"arguments": ': "China"}'}),
        finishes("tool_calls"),
        counts(5, 9),
        DONE,
    ]
    server = serve(lambda exchange: exchange.send_chunked(pieces))
    assert list(ask(connect(server))) == [
        TextDelta("One moment."),
        ToolCall("call_1", "market_data", '{"country": "China"}'),
        Usage(5, 9),
    ]


def test_a_turn_uses_its_connection_again(serve, connect, transport):
    server = serve(lambda exchange: exchange.send_chunked(answer("Hi")))
    model, turn = connect(server), Cancellation(20)
    for _ in range(3):
        list(ask(model, turn))
    used = [exchange.connection for exchange in server.exchanges]
    assert used == ([0, 0, 0] if transport == "lean" else [0, 1, 2])


def test_a_connection_whose_answer_was_left_is_never_used_again(serve, connect):
    def script(exchange):
        if exchange.json["messages"][0]["content"] == "leave":
            exchange.send(
                SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%s\r\n" % (len(says("A")), says("A"))
            )
            left.append(exchange.client_left())
        else:
            exchange.send_chunked(answer("B"))

    left: list[bool] = []
    server = serve(script)
    model = connect(server)
    deltas = ask(model, text="leave")
    assert next(deltas) == TextDelta("A")
    deltas.close()
    assert list(ask(model)) == [TextDelta("B"), Usage(7, 1)]
    assert [exchange.connection for exchange in server.exchanges] == [0, 1]
    server.close()
    assert left == [True]


def test_a_body_kept_open_after_its_last_event_delays_nothing_for_long(serve, connect):
    def script(exchange):
        exchange.send(STREAM_UNTIL_CLOSED + WHOLE)
        left.append(exchange.client_left())

    left: list[bool] = []
    server = serve(script)
    assert all_deltas(ask(connect(server, timeout_s=60.0))) == DELTAS
    server.close()
    assert left == [True]


def test_an_answer_broken_off_after_its_end_is_whole(serve, connect):
    def script(exchange):
        exchange.send(STREAM_UNTIL_CLOSED + says("Hi") + finishes())
        read.wait(10)
        exchange.reset()

    read = threading.Event()
    deltas = ask(connect(serve(script)))
    assert next(deltas) == TextDelta("Hi")
    read.set()
    assert list(deltas) == []


def test_a_connection_that_the_server_closed_meanwhile_is_replaced(serve, connect):
    def script(exchange):
        exchange.send_chunked(answer("Hi"))
        exchange.keep_alive = False

    server = serve(script)
    model = connect(server)
    for _ in range(3):
        assert list(ask(model)) == [TextDelta("Hi"), Usage(7, 1)]


def test_past_a_proxy_that_is_for_others(serve, connect, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = serve(lambda exchange: exchange.send_chunked(answer("Hi")))
    assert list(ask(connect(server))) == [TextDelta("Hi"), Usage(7, 1)]


@pytest.mark.parametrize("count", [40])
def test_many_at_once(serve, connect, count):
    gate = threading.Barrier(count)

    def script(exchange):
        gate.wait(20)  # all are under way before any gets its answer
        exchange.send_chunked(answer(exchange.json["messages"][0]["content"]))

    def one(number):
        answers[number] = list(ask(model, text=f"number {number}"))

    answers: dict[int, list] = {}
    model = connect(serve(script), timeout_s=30.0)
    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: [TextDelta(f"number {number}"), Usage(7, 1)] for number in range(count)}


def test_warming_up_sends_nothing_and_harms_nothing(serve, connect):
    server = serve(lambda exchange: exchange.send_chunked(answer("Hi")))
    model = connect(server)
    model.warm_up()
    assert server.exchanges == []
    assert list(ask(model)) == [TextDelta("Hi"), Usage(7, 1)]


def test_warming_up_is_not_needed_to_import_anything_later(serve, connect):
    """After the warm-up, an answer imports no module of the SDK or the HTTP client."""
    import sys

    server = serve(lambda exchange: exchange.send_chunked(answer("Hi")))
    model = connect(server)
    model.warm_up()
    before = set(sys.modules)
    list(ask(model))
    assert {name for name in set(sys.modules) - before if name.startswith(("openai", "http", "h11"))} == set()
