"""Answers that end before their first visible word: the request is sent again."""

from __future__ import annotations

import pytest

from chat.cancellation import Cancellation
from chat.errors import ModelError, ModelGarbled, ModelUnreachable
from chat.llm.openai.client import OpenAIModel
from chat.messages import Delta, Message, ReasoningDelta, TextDelta, Usage
from tests.llm.openai.conftest import all_deltas
from tests.servers.scripted_server import DONE, STREAM_UNTIL_CLOSED, Exchange, answer, event, finishes, says

pytestmark = pytest.mark.usefixtures("at_once")


def stream(model: OpenAIModel) -> list[Delta]:
    return all_deltas(model.stream("a-model", [Message("user", "Hello?")], [], Cancellation(20)))


ENDINGS = {
    "nothing": b"",
    "a comment": b": hello\n\n",
    "an empty piece": says(""),
    "a broken piece": b"data: {broken\n\n",
    "a page": b"<!doctype html>",
    "reasoning": event(choices=[{"delta": {"reasoning_content": "Hm."}}]),
    "reasoning and a broken piece": event(choices=[{"delta": {"reasoning_content": "Hm."}}]) + b"data: {broken\n\n",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_answer_that_ends_before_its_first_word_is_asked_for_again(serve, connect, ending):
    def script(exchange: Exchange) -> None:
        if len(server.exchanges) == 1:
            exchange.send(STREAM_UNTIL_CLOSED + ENDINGS[ending])
        else:
            exchange.send_chunked(answer("Hi"))

    server = serve(script)
    deltas = stream(connect(server))
    assert [delta for delta in deltas if not isinstance(delta, ReasoningDelta)] == [TextDelta("Hi"), Usage(7, 1)]
    assert len(server.exchanges) == 2


@pytest.mark.parametrize(
    ("ending", "deltas"),
    [
        (says(" \n"), [TextDelta(" \nHi"), Usage(7, 1)]),
        (event(choices=[], usage={"prompt_tokens": 5}), [Usage(5, 0), TextDelta("Hi"), Usage(7, 1)]),
    ],
    ids=["blanks", "counts"],
)
def test_blanks_and_counts_are_no_first_word(serve, connect, ending, deltas):
    def script(exchange: Exchange) -> None:
        if len(server.exchanges) == 1:
            exchange.send(STREAM_UNTIL_CLOSED + ending)
        else:
            exchange.send_chunked(answer("Hi"))

    server = serve(script)
    assert stream(connect(server)) == deltas


def test_it_is_not_sent_for_ever(serve, connect):
    server = serve(lambda exchange: exchange.send(STREAM_UNTIL_CLOSED))
    with pytest.raises((ModelGarbled, ModelUnreachable)):
        stream(connect(server))
    assert len(server.exchanges) == 3


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_an_answer_with_a_finish_reason_is_not_requested_again(serve, connect, reason):
    server = serve(lambda exchange: exchange.send_chunked([finishes(reason), DONE]))
    with pytest.raises(ModelError):
        stream(connect(server))
    assert len(server.exchanges) == 1
