"""PUT /api/messages/<id>/feedback: feedback on an answer."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from ..api_client import assert_error, exchange


@pytest.fixture
def turn(alice: FlaskClient, conversation: int) -> dict[str, Any]:
    return exchange(alice, conversation)


def give(client: FlaskClient, message_id: int, **body: Any) -> Any:
    return client.put(f"/api/messages/{message_id}/feedback", json=body)


def feedback_of(client: FlaskClient, turn: dict[str, Any]) -> int | None:
    page = client.get(f"/api/conversations/{turn['conversation_id']}?limit=1").json
    return page["messages"][0]["feedback"]


def test_given_changed_and_taken_back(alice: FlaskClient, turn: dict[str, Any]) -> None:
    answer = give(alice, turn["message_id"], value=1, comment=" Good figures. ")
    assert (answer.status_code, answer.json) == (200, {"value": 1, "comment": "Good figures."})
    assert feedback_of(alice, turn) == 1
    assert give(alice, turn["message_id"], value=-1).json == {"value": -1, "comment": None}
    assert feedback_of(alice, turn) == -1
    assert give(alice, turn["message_id"], value=None, comment="x").json == {"value": None, "comment": None}
    assert feedback_of(alice, turn) is None


@pytest.mark.parametrize(
    ("feedback", "field"),
    [
        ({}, "value"),
        ({"value": 0}, "value"),
        ({"value": 2}, "value"),
        ({"value": "1"}, "value"),
        ({"value": True}, "value"),
        ({"value": 1, "comment": "x" * 1001}, "comment"),
        ({"value": 1, "comment": "\x00"}, "comment"),
    ],
    ids=str,
)
def test_values_that_are_not_taken(alice: FlaskClient, turn: dict[str, Any], feedback: dict, field: str) -> None:
    assert_error(give(alice, turn["message_id"], **feedback), 422, "invalid_value", field)
    assert feedback_of(alice, turn) is None


def test_a_question_is_given_none(alice: FlaskClient, turn: dict[str, Any]) -> None:
    assert_error(give(alice, turn["user_message_id"], value=1), 422, "not_an_answer")


def test_it_goes_with_its_conversation(alice: FlaskClient, turn: dict[str, Any]) -> None:
    give(alice, turn["message_id"], value=1)
    assert alice.delete(f"/api/conversations/{turn['conversation_id']}").status_code == 204
    assert_error(give(alice, turn["message_id"], value=1), 404, "not_found")
