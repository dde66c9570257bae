"""POST /api/messages/<id>/continue: continue an incomplete answer. Also regenerate with a `wish`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chat.messages import TextDelta
from scripts.kit.waiting import wait_until
from tests.conftest import ScriptedModel

from ..api_client import SSE, ask, assert_error, assert_shape, converse, events, exchange, wait_for_turn
from ..conftest import HeldAnswer


@pytest.fixture
def stopped(alice: FlaskClient, conversation: int, held: HeldAnswer) -> dict:
    started = ask(alice, conversation)
    wait_until(lambda: alice.get(f"/api/turns/{started['turn_id']}").json["text"])
    turn = alice.post(f"/api/turns/{started['turn_id']}/stop").json
    held.go()
    assert (turn["status"], turn["text"]) == ("stopped", "One ")
    return turn


def on(turn: dict) -> str:
    return f"/api/messages/{turn['message_id']}/continue"


def test_the_short_form(alice: FlaskClient, stopped: dict, model: ScriptedModel) -> None:
    model.will(TextDelta("and two."))
    started = alice.post(on(stopped))
    assert started.status_code == 202
    assert_shape(started.json, {"turn_id": int, "user_message_id": int, "message_id": int, "events_url": str})
    turn = wait_for_turn(alice, started.json)
    assert (turn["status"], turn["text"]) == ("completed", "One and two.")
    body = alice.get(f"/api/conversations/{stopped['conversation_id']}").json
    assert body["head_id"] == turn["message_id"]
    assert [m["text"] for m in body["messages"]] == ["Hello", "One ", "One and two."]


def test_the_long_form(alice: FlaskClient, stopped: dict, model: ScriptedModel) -> None:
    model.will(TextDelta("and two."))
    received = events(alice.post(on(stopped), headers=SSE).data)
    assert "".join(event.data["text"] for event in received if event.name == "delta") == "One and two."
    assert (received[0].name, received[-1].name, received[-1].data["status"]) == ("turn", "done", "completed")


def test_an_answer_that_cannot_be_continued(
    alice: FlaskClient, conversation: int, held: HeldAnswer, model: ScriptedModel
) -> None:
    started = ask(alice, conversation)
    assert_error(alice.post(on(started)), 409, "turn_running")
    held.go()
    turn = wait_for_turn(alice, started)
    assert_error(alice.post(on(turn)), 409, "answer_complete")
    assert_error(alice.post(on({"message_id": turn["user_message_id"]})), 422, "not_an_answer")
    assert_error(alice.post(on({"message_id": 9999})), 404, "not_found")


def test_an_answer_of_which_nothing_came(alice: FlaskClient, conversation: int, model: ScriptedModel) -> None:
    def fails(_messages, _cancellation):
        raise RuntimeError("a fault of the test's")
        yield

    model.will_run(fails)
    assert_error(alice.post(on(exchange(alice, conversation))), 409, "nothing_to_continue")


def test_with_another_model(make_app: Callable[..., Flask], model: ScriptedModel) -> None:
    client = make_app(openai_api_key="k", chat_models=("small", "large")).test_client()

    def cut(_messages, _cancellation):
        yield TextDelta("One ")
        raise RuntimeError("a fault of the test's")

    model.will_run(cut)
    first = exchange(client, converse(client), model="large")
    assert first["status"] == "failed"
    assert_error(client.post(on(first), json={"model": "none"}), 422, "unknown_model", "model")
    model.will_run(cut)
    second = wait_for_turn(client, client.post(on(first), json={}).json)
    assert (second["model"], second["text"]) == ("large", "One One ")
    model.will(TextDelta("end."))
    assert wait_for_turn(client, client.post(on(second), json={"model": "small"}).json)["model"] == "small"


@pytest.mark.parametrize("wish", ["shorter", "more_detailed"])
def test_a_wish(alice: FlaskClient, conversation: int, model: ScriptedModel, wish: str) -> None:
    first = exchange(alice, conversation)
    started = alice.post(f"/api/messages/{first['message_id']}/regenerate", json={"wish": wish})
    assert wait_for_turn(alice, started.json)["status"] == "completed"
    assert model.seen[1][0].text.startswith(model.seen[0][0].text)
    assert len(model.seen[1][0].text) > len(model.seen[0][0].text)


@pytest.mark.parametrize("wish", ["", "longer", 5, ["shorter"]])
def test_no_such_wish(alice: FlaskClient, conversation: int, wish: object) -> None:
    first = exchange(alice, conversation)
    answer = alice.post(f"/api/messages/{first['message_id']}/regenerate", json={"wish": wish})
    assert_error(answer, 422, "invalid_value", "wish")
