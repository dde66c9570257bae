"""PUT /api/me/instructions: the user's instructions apply to the user's own turns only."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import ScriptedModel

from ..api_client import assert_error, converse, exchange, wait_for_turn


def test_they_are_stored_and_sent_to_the_model(alice: FlaskClient, model: ScriptedModel) -> None:
    assert alice.get("/api/me").json["instructions"] == ""
    changed = alice.put("/api/me/instructions", json={"text": "  Answer in rhymes.\n"})
    assert (changed.status_code, changed.json["text"]) == (200, "Answer in rhymes.")
    assert alice.get("/api/me/instructions").json == changed.json
    assert alice.get("/api/me").json["instructions"] == "Answer in rhymes."
    turn = exchange(alice, converse(alice))
    wait_for_turn(alice, alice.post(f"/api/messages/{turn['message_id']}/regenerate").json)
    assert [seen[0].text.count("Answer in rhymes.") for seen in model.seen] == [1, 1]
    assert [message.role for message in model.seen[0]] == ["system", "user"]


def test_they_do_not_apply_to_other_users(alice: FlaskClient, mallory: FlaskClient, model: ScriptedModel) -> None:
    alice.put("/api/me/instructions", json={"text": "Answer in rhymes."})
    assert mallory.get("/api/me").json["instructions"] == ""
    exchange(mallory, converse(mallory))
    assert "rhymes" not in model.seen[0][0].text


def test_none_again(alice: FlaskClient, model: ScriptedModel) -> None:
    alice.put("/api/me/instructions", json={"text": "Answer in rhymes."})
    assert_error(alice.put("/api/me/instructions", json={}), 422, "invalid_value", "text")
    assert alice.get("/api/me/instructions").json["text"] == "Answer in rhymes."
    assert alice.put("/api/me/instructions", json={"text": " "}).json["text"] == ""
    exchange(alice, converse(alice))
    assert "instructions for all answers" not in model.seen[0][0].text


@pytest.mark.parametrize("text", ["x" * 4000, "ä中🙂" * 1333, "{today} {x} %s \\n", "<script>"])
def test_valid_instructions(alice: FlaskClient, model: ScriptedModel, text: str) -> None:
    assert alice.put("/api/me/instructions", json={"text": text}).json["text"] == text
    exchange(alice, converse(alice))
    assert text in model.seen[0][0].text


def test_invalid_instructions(alice: FlaskClient) -> None:
    too_long = alice.put("/api/me/instructions", json={"text": "x" * 4001})
    assert_error(too_long, 422, "instructions_too_long", "text")
    assert_error(alice.put("/api/me/instructions", json={"text": "a\x00b"}), 422, "invalid_value", "text")
    assert_error(alice.put("/api/me/instructions", json={"text": 5}), 422, "invalid_value", "text")
    assert alice.get("/api/me").json["instructions"] == ""


def test_the_operators(make_app: Callable[..., Flask], model: ScriptedModel) -> None:
    client = make_app(system_prompt="You are {name}. It is {today}.").test_client()
    client.put("/api/me/instructions", json={"text": "Rhyme."})
    exchange(client, converse(client))
    prompt = model.seen[0][0].text
    assert prompt.startswith("You are {name}. It is 20")
    assert prompt.endswith("Rhyme.")
    assert "Parley" not in prompt
