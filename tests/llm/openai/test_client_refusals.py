"""Refusals and overload of an endpoint, over a real connection: which requests are repeated, and when."""

from __future__ import annotations

import email.utils
import time

import pytest

from chat.cancellation import Cancellation
from chat.errors import (
    ModelRateLimited,
    ModelRejected,
    ModelUnavailable,
    QuestionTooLong,
)
from chat.messages import TextDelta, Usage
from tests.llm.openai.conftest import KEY, ask
from tests.llm.openai.fault_cases import error, failed, status
from tests.servers.scripted_server import answer

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.mark.parametrize(
    ("code", "body", "named"),
    [
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


@pytest.mark.parametrize(
    "body", [b"", {}, error("Bad Request"), {"detail": [{"loc": ["body"]}]}, b"<html><h1>Bad Request</h1></html>"]
)
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


def test_too_many_requests_are_repeated_and_counted(serve, connect):
    server = serve(lambda exchange: exchange.send(status(429, error("Slow down"))))
    model, retries = connect(server), []
    model.count_retry = lambda kind, name: retries.append((kind, name))
    assert type(failed(server, model, attempts=3)) is ModelRateLimited
    assert retries == [("model_rate_limited", "a-model")] * 2


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
