"""POST /api/messages/<id>/continue: an answer that was stopped or cut goes on. And another answer by a wish."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chat.messages import TextDelta
from tests.conftest import ScriptedModel

from .api_client import SSE, ask, converse, ended, events, exchange, problem, shaped
from .conftest import HeldAnswer


@pytest.fixture
def stopped(alice: FlaskClient, conversation: int, held: HeldAnswer) -> dict:
    begun = ask(alice, conversation)
    while not alice.get(f"/api/turns/{begun['turn_id']}").json["text"]:
        pass
    turn = alice.post(f"/api/turns/{begun['turn_id']}/stop").json
    held.go()
    assert (turn["status"], turn["text"]) == ("stopped", "One ")
    return turn


def on(turn: dict) -> str:
    return f"/api/messages/{turn['message_id']}/continue"


def test_the_short_form(alice: FlaskClient, stopped: dict, model: ScriptedModel) -> None:
    model.will(TextDelta("and two."))
    begun = alice.post(on(stopped))
    assert begun.status_code == 202
    shaped(begun.json, {"turn_id": int, "user_message_id": int, "message_id": int, "events_url": str})
    turn = ended(alice, begun.json)
    assert (turn["status"], turn["text"]) == ("completed", "One and two.")
    shown = alice.get(f"/api/conversations/{stopped['conversation_id']}").json
    assert shown["head_id"] == turn["message_id"]
    assert [m["text"] for m in shown["messages"]] == ["Hello", "One ", "One and two."]


def test_the_long_form(alice: FlaskClient, stopped: dict, model: ScriptedModel) -> None:
    model.will(TextDelta("and two."))
    told = events(alice.post(on(stopped), headers=SSE).data)
    assert "".join(event.data["text"] for event in told if event.name == "delta") == "One and two."
    assert (told[0].name, told[-1].name, told[-1].data["status"]) == ("turn", "done", "completed")


def test_what_cannot_go_on(alice: FlaskClient, conversation: int, held: HeldAnswer, model: ScriptedModel) -> None:
    begun = ask(alice, conversation)
    problem(alice.post(on(begun)), 409, "turn_running")
    held.go()
    turn = ended(alice, begun)
    problem(alice.post(on(turn)), 409, "answer_complete")
    problem(alice.post(on({"message_id": turn["user_message_id"]})), 422, "not_an_answer")
    problem(alice.post(on({"message_id": 9999})), 404, "not_found")


def test_an_answer_of_which_nothing_came(alice: FlaskClient, conversation: int, model: ScriptedModel) -> None:
    def fails(_messages, _cancellation):
        raise RuntimeError("a fault of the test's")
        yield

    model.will_run(fails)
    problem(alice.post(on(exchange(alice, conversation))), 409, "nothing_to_continue")


def test_with_another_model(make_app: Callable[..., Flask], model: ScriptedModel) -> None:
    client = make_app(openai_api_key="k", chat_models=("small", "large")).test_client()

    def cut(_messages, _cancellation):
        yield TextDelta("One ")
        raise RuntimeError("a fault of the test's")

    model.will_run(cut)
    first = exchange(client, converse(client), model="large")
    assert first["status"] == "failed"
    problem(client.post(on(first), json={"model": "none"}), 422, "unknown_model", "model")
    model.will_run(cut)
    second = ended(client, client.post(on(first), json={}).json)
    assert (second["model"], second["text"]) == ("large", "One One ")
    model.will(TextDelta("end."))
    assert ended(client, client.post(on(second), json={"model": "small"}).json)["model"] == "small"


@pytest.mark.parametrize("wish", ["shorter", "more_detailed"])
def test_a_wish(alice: FlaskClient, conversation: int, model: ScriptedModel, wish: str) -> None:
    first = exchange(alice, conversation)
    begun = alice.post(f"/api/messages/{first['message_id']}/regenerate", json={"wish": wish})
    assert ended(alice, begun.json)["status"] == "completed"
    assert model.seen[1][0].text.startswith(model.seen[0][0].text)
    assert len(model.seen[1][0].text) > len(model.seen[0][0].text)


@pytest.mark.parametrize("wish", ["", "longer", 5, ["shorter"]])
def test_no_such_wish(alice: FlaskClient, conversation: int, wish: object) -> None:
    first = exchange(alice, conversation)
    answer = alice.post(f"/api/messages/{first['message_id']}/regenerate", json={"wish": wish})
    problem(answer, 422, "invalid_value", "wish")
