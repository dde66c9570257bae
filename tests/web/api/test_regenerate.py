"""POST /api/messages/<id>/regenerate: another answer beside the first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chat.messages import TextDelta
from tests.conftest import ScriptedModel

from ..api_client import SSE, ask, assert_error, assert_shape, converse, events, exchange, wait_for_turn
from ..conftest import HeldAnswer


def again(turn: dict) -> str:
    return f"/api/messages/{turn['message_id']}/regenerate"


@pytest.mark.parametrize("body", [{}, {"json": {}}], ids=["no body", "an empty object"])
def test_the_short_form(alice: FlaskClient, conversation: int, model: ScriptedModel, body: dict[str, object]) -> None:
    first = exchange(alice, conversation)
    model.will(TextDelta("Another."))
    started = alice.post(again(first), **body)
    assert started.status_code == 202
    assert_shape(started.json, {"turn_id": int, "user_message_id": int, "message_id": int, "events_url": str})
    assert started.json["user_message_id"] == first["user_message_id"]
    second = wait_for_turn(alice, started.json)
    assert (second["text"], second["status"]) == ("Another.", "completed")

    stored = alice.get(f"/api/conversations/{conversation}").json
    assert [(message["text"], message["parent_id"]) for message in stored["messages"]] == [
        ("Hello", None),
        ("You said: Hello", first["user_message_id"]),
        ("Another.", first["user_message_id"]),
    ]
    assert stored["head_id"] == second["message_id"]


def test_the_long_form(alice: FlaskClient, conversation: int) -> None:
    first = exchange(alice, conversation)
    received = events(alice.post(again(first), headers=SSE).data)
    assert received[0].data["user_message_id"] == first["user_message_id"]
    assert received[0].data["message_id"] != first["message_id"]
    assert [event.name for event in received][-1] == "done"
    assert "title" not in [event.name for event in received]


def test_the_model_is_asked_the_same_again(alice: FlaskClient, conversation: int, model: ScriptedModel) -> None:
    exchange(alice, conversation, "Before")
    turn = exchange(alice, conversation, "Question")
    wait_for_turn(alice, alice.post(again(turn)).json)
    first, second = (messages[1:] for messages in model.seen[1:])
    assert second == first
    assert first[-1].text == "Question"


def test_an_answer_in_the_middle(alice: FlaskClient, conversation: int) -> None:
    first = exchange(alice, conversation, "First")
    second = exchange(alice, conversation, "Second")
    other = wait_for_turn(alice, alice.post(again(first)).json)
    stored = alice.get(f"/api/conversations/{conversation}").json
    assert {message["id"] for message in stored["messages"]} >= {second["message_id"], other["message_id"]}
    assert stored["head_id"] == other["message_id"]


def test_another_model(make_app: Callable[..., Flask]) -> None:
    client = make_app(openai_api_key="k", chat_models=("small", "large")).test_client()
    first = exchange(client, converse(client))
    assert wait_for_turn(client, client.post(again(first), json={"model": "large"}).json)["model"] == "large"
    assert_error(client.post(again(first), json={"model": "none"}), 422, "unknown_model", "model")
    assert_error(client.post(again(first), json={"model": 5}), 422, "invalid_value", "model")


def test_a_question_is_no_answer(alice: FlaskClient, conversation: int) -> None:
    turn = exchange(alice, conversation)
    assert_error(alice.post(f"/api/messages/{turn['user_message_id']}/regenerate"), 422, "not_an_answer")


def test_not_while_an_answer_is_being_written(alice: FlaskClient, conversation: int, held: HeldAnswer) -> None:
    started = ask(alice, conversation)
    assert_error(alice.post(again(started)), 409, "turn_running")
    held.go()
    wait_for_turn(alice, started)
    assert wait_for_turn(alice, alice.post(again(started)).json)["status"] == "completed"


def test_a_number_that_names_none(alice: FlaskClient, subtests: pytest.Subtests) -> None:
    for number in ("0", "999", "9" * 18, "9" * 5000, "-1", "x"):
        with subtests.test(number[:20]):
            assert_error(alice.post(f"/api/messages/{number}/regenerate"), 404, "not_found")
