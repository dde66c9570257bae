"""GET /metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from chat.cancellation import Cancellation
from chat.errors import ModelRateLimited
from chat.messages import Delta, Message, TextDelta, ToolCall
from scripts.kit.waiting import wait_until
from tests.conftest import ScriptedModel
from tests.prometheus import Figures

from ..api_client import ask, assert_error, converse, exchange, wait_for_turn
from ..conftest import HeldAnswer


def figures(client: FlaskClient) -> Figures:
    answer = client.get("/metrics")
    assert (answer.status_code, answer.content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return Figures(answer.text)


def figures_of_ended_turns(client: FlaskClient) -> Figures:
    """Return the figures once every turn is counted, which happens just after its end is committed."""
    wait_until(lambda: figures(client).value("parley_active_turns") == 0)
    return figures(client)


def test_a_completed_turn_is_counted(alice: FlaskClient) -> None:
    before = figures(alice)
    exchange(alice, converse(alice), "Hello")
    after = figures_of_ended_turns(alice)

    def gained(name: str, **labels: str) -> float:
        return after.value(name, **labels) - before.value(name, **labels)

    assert gained("parley_turns_total", status="completed", mode="sync", model="demo") == 1
    assert gained("parley_turn_duration_seconds_count", mode="sync", status="completed") == 1
    assert gained("parley_turn_first_token_seconds_count", mode="sync") == 1
    assert gained("parley_tokens_total", kind="prompt", model="demo") == 3
    assert gained("parley_tokens_total", kind="completion", model="demo") == 2
    assert gained("parley_database_seconds_count", operation="write") >= 2
    assert gained("parley_http_responses_total", status="2xx") >= 2
    assert gained("parley_model_errors_total") == 0


def test_the_present_state(alice: FlaskClient, held: HeldAnswer) -> None:
    started = ask(alice, converse(alice))
    figure = figures(alice)
    assert figure.value("parley_active_turns") == 1
    assert figure.value("parley_active_turns_limit") == 1500
    assert figure.value("parley_turns_waiting") == 0
    assert figure.value("parley_workers", mode="sync") == 1
    assert figure.value("parley_info", mode="sync") == 1
    assert figure.value("parley_worker_rss_bytes") > 1e6
    assert figure.value("parley_cpu_seconds_total") > 0
    held.go()
    wait_for_turn(alice, started)


def test_errors_of_models_and_tools_are_counted_by_kind(alice: FlaskClient, model: ScriptedModel) -> None:
    def limited(_messages: Sequence[Message], _cancellation: Cancellation) -> Iterator[Delta]:
        yield TextDelta("Well, ")
        raise ModelRateLimited("The model's endpoint is busy.")

    conversation = converse(alice)
    model.will(ToolCall("1", "no_such_tool", "{}"), ToolCall("2", "market_data", "not JSON"))
    model.will_run(limited)
    exchange(alice, conversation, "Look it up")
    values = figures_of_ended_turns(alice)
    assert values.value("parley_turns_total", status="failed") == 1
    assert values.value("parley_model_errors_total", kind="model_rate_limited", model="demo") == 1
    assert values.value("parley_tool_calls_total", tool="unknown", outcome="unknown_tool") == 1
    assert values.value("parley_tool_calls_total", tool="market_data", outcome="refused") == 1
    assert "no_such_tool" not in values.text


def test_refused_turns_are_counted(make_app: Callable[..., Flask], model: ScriptedModel) -> None:
    held = HeldAnswer(model)
    client = make_app(max_active_turns=1).test_client()
    started = ask(client, converse(client))
    refused = client.post(f"/api/conversations/{converse(client)}/turns", json={"text": "Me too"})
    assert_error(refused, 503, "overloaded")
    assert figures(client).value("parley_turns_refused_total", reason="overloaded") == 1
    held.go()
    wait_for_turn(client, started)


def test_a_continued_answer_has_no_first_token_of_the_old_one(alice: FlaskClient, model: ScriptedModel) -> None:
    def broken(_messages: Sequence[Message], _cancellation: Cancellation) -> Iterator[Delta]:
        yield TextDelta("One, ")
        raise ModelRateLimited("The model's endpoint is busy.")

    model.will_run(broken)
    turn = exchange(alice, converse(alice), "Count")
    assert figures_of_ended_turns(alice).value("parley_turn_first_token_seconds_count") == 1
    model.will_run(lambda _messages, _cancellation: iter(()))
    started = alice.post(f"/api/messages/{turn['message_id']}/continue").json
    wait_for_turn(alice, started)
    assert figures_of_ended_turns(alice).value("parley_turn_first_token_seconds_count") == 1


def test_only_operators_may_look(make_app: Callable[..., Flask]) -> None:
    client = make_app(admin_token="canary-token").test_client()
    assert_error(client.get("/metrics"), 401, "unauthorized")
    assert client.get("/metrics", headers={"Authorization": "Bearer canary-token"}).status_code == 200
    open_client = make_app().test_client()
    assert_error(open_client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.1"}), 403, "forbidden")


@pytest.mark.parametrize("model_name", ['quote " and \\ backslash', "line\nbreak", "ünïcode/模型:7b", "{}=,"])
def test_every_name_of_a_model_can_be_read_back(
    make_app: Callable[..., Flask], model: ScriptedModel, model_name: str
) -> None:
    client = make_app(openai_base_url="http://127.0.0.1:9/v1", chat_models=(model_name,)).test_client()
    exchange(client, converse(client), "Hello")
    text = figures_of_ended_turns(client).text
    names = {
        sample.labels["model"]
        for family in text_string_to_metric_families(text)
        if family.name == "parley_turns"
        for sample in family.samples
    }
    assert names == {model_name.replace("\n", "")}
