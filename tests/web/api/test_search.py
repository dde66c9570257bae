"""GET /api/conversations?q=…"""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from ..api_client import assert_error, assert_shape, converse, exchange
from .test_conversations import CONVERSATION


def search(client: FlaskClient, q: str, **query: str) -> dict:
    answer = client.get("/api/conversations", query_string={"q": q, **query})
    assert answer.status_code == 200, answer.text
    return answer.json


def test_its_shape(alice: FlaskClient) -> None:
    conversation = converse(alice, title="Märkte")
    turn = exchange(alice, conversation, "Wie geht es China?")
    by_message = search(alice, " chin ")
    assert_shape(by_message, {"items": list, "next_cursor": type(None)})
    (item,) = by_message["items"]
    assert_shape(item, CONVERSATION | {"snippet": {"text": str, "marks": list, "message_id": int}})
    assert item["id"] == conversation
    assert item["snippet"] == {
        "text": "You said: Wie geht es China?",
        "marks": [[22, 26]],
        "message_id": turn["message_id"],
    }
    (item,) = search(alice, "MARKTE")["items"]
    assert item["snippet"] == {"text": "Märkte", "marks": [[0, 6]], "message_id": None}


def test_pages(alice: FlaskClient) -> None:
    conversations = [converse(alice, title=f"apricots {number}") for number in range(3)]
    first = search(alice, "apricots", limit="2")
    second = search(alice, "apricots", limit="2", cursor=first["next_cursor"])
    assert [item["id"] for item in first["items"] + second["items"]] == conversations[::-1]
    assert second["next_cursor"] is None


def test_nothing_asked_is_the_list(alice: FlaskClient, conversation: int) -> None:
    for q in ("", "   "):
        (item,) = search(alice, q)["items"]
        assert "snippet" not in item


def test_others_and_temporary_ones_are_not_found(alice: FlaskClient, mallory: FlaskClient) -> None:
    exchange(alice, converse(alice, title="canary"), "canary")
    exchange(mallory, converse(mallory, title="canary", temporary=True), "canary")
    assert search(mallory, "canary")["items"] == []
    assert len(search(alice, "canary")["items"]) == 1


@pytest.mark.parametrize("q", ["x" * 201, "x" * 5000, "a\x00b"], ids=len)
def test_values_that_are_not_taken(alice: FlaskClient, q: str) -> None:
    assert_error(alice.get("/api/conversations", query_string={"q": q}), 422, "invalid_value", "q")


def test_a_cursor_of_another_list(alice: FlaskClient) -> None:
    assert_error(alice.get("/api/conversations?q=x&cursor=1-1"), 422, "invalid_cursor", "cursor")
    assert_error(alice.get("/api/conversations?cursor=t-1"), 422, "invalid_cursor", "cursor")
