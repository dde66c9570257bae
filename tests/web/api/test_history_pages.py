"""GET /api/conversations/<id>?limit=…: one branch, a page at a time, with siblings and feedback."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from ..api_client import assert_error, assert_shape, converse, exchange
from .test_conversation import ANSWER, QUESTION
from .test_conversations import CONVERSATION


def page(client: FlaskClient, conversation_id: int, query: str) -> dict:
    answer = client.get(f"/api/conversations/{conversation_id}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json


def texts(body: dict) -> list[str]:
    return [message["text"] for message in body["messages"]]


def test_its_shape(alice: FlaskClient, conversation: int) -> None:
    turn = exchange(alice, conversation, "Hello")
    body = page(alice, conversation, "limit=50")
    assert_shape(
        body, CONVERSATION | {"head_id": int, "shared": bool, "leaf_id": int, "messages": list, "previous": type(None)}
    )
    question, answer = body["messages"]
    assert_shape(question, QUESTION | {"siblings": [int]})
    assert_shape(answer, ANSWER | {"siblings": [int], "feedback": type(None)})
    assert answer["siblings"] == [body["leaf_id"]] == [body["head_id"]] == [turn["message_id"]]


def test_an_empty_one(alice: FlaskClient, conversation: int) -> None:
    body = page(alice, conversation, "limit=50")
    assert (body["head_id"], body["leaf_id"], body["messages"], body["previous"]) == (None, None, [], None)


def test_upwards(alice: FlaskClient, conversation: int) -> None:
    for number in range(3):
        exchange(alice, conversation, f"Q{number}")
    body = page(alice, conversation, "limit=4")
    assert texts(body) == ["Q1", "You said: Q1", "Q2", "You said: Q2"]
    body = page(alice, conversation, f"limit=4&before={body['previous']}")
    assert (texts(body), body["previous"]) == (["Q0", "You said: Q0"], None)


def test_another_branch_and_its_siblings(alice: FlaskClient, conversation: int) -> None:
    first = exchange(alice, conversation, "Q")
    second = exchange(alice, conversation, "Q, put better", parent_id=None)
    body = page(alice, conversation, "limit=50")
    assert texts(body)[0] == "Q, put better"
    siblings = [first["user_message_id"], second["user_message_id"]]
    assert body["messages"][0]["siblings"] == siblings
    body = page(alice, conversation, f"through={siblings[0]}")
    assert (texts(body)[0], body["leaf_id"], body["head_id"]) == ("Q", first["message_id"], second["message_id"])
    assert page(alice, conversation, f"leaf={first['message_id']}")["messages"] == body["messages"]


@pytest.mark.parametrize("field", ["leaf", "through", "before"])
def test_messages_that_are_not_this_conversations(alice: FlaskClient, mallory: FlaskClient, field: str) -> None:
    alices = exchange(alice, converse(alice), "secret")
    mine = converse(mallory)
    for number in (alices["message_id"], 9999, 0):
        answer = mallory.get(f"/api/conversations/{mine}?{field}={number}")
        assert_error(answer, 422, "invalid_value", field)
        assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [("limit", "0"), ("limit", "201"), ("limit", "x"), ("leaf", "x"), ("before", "-1"), ("through", "9" * 19)],
)
def test_values_that_are_not_taken(alice: FlaskClient, conversation: int, field: str, value: str) -> None:
    assert_error(alice.get(f"/api/conversations/{conversation}?{field}={value}"), 422, "invalid_value", field)


def test_only_the_pinned(alice: FlaskClient) -> None:
    conversations = [converse(alice, title=f"t{number}") for number in range(3)]
    for number in conversations[:2]:
        alice.patch(f"/api/conversations/{number}", json={"pinned": True})
    listed = alice.get("/api/conversations?pinned=true&limit=1").json
    assert [item["id"] for item in listed["items"]] == [conversations[1]]
    listed = alice.get(f"/api/conversations?pinned=true&cursor={listed['next_cursor']}").json
    assert ([item["id"] for item in listed["items"]], listed["next_cursor"]) == ([conversations[0]], None)
    assert len(alice.get("/api/conversations?pinned=false").json["items"]) == 3
    assert_error(alice.get("/api/conversations?pinned=maybe"), 422, "invalid_value", "pinned")
