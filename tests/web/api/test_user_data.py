"""GET /api/export and /api/me/data: export, count and delete all data of the caller."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.http import parse_options_header

from ..api_client import ask, assert_error, converse, exchange
from ..conftest import HeldAnswer

NOTHING = {"conversations": 0, "messages": 0, "shares": 0, "instructions": False}


def exported(client: FlaskClient, which: str = "") -> dict:
    answer = client.get(f"/api/export{which}")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    kind, options = parse_options_header(answer.headers["Content-Disposition"])
    assert kind == "attachment"
    assert options["filename"].startswith("parley-2")
    return json.loads(answer.data)


@pytest.fixture
def alices(alice: FlaskClient) -> list[int]:
    """Conversations of every kind."""
    conversations = [
        converse(alice, title="One 中 \u2028 \x1b"),
        converse(alice),
        converse(alice, temporary=True),
        converse(alice),
    ]
    for number in range(25):
        exchange(alice, conversations[0], f"Question {number}")
    exchange(alice, conversations[0], "Another beginning", parent_id=None)
    exchange(alice, conversations[1])
    exchange(alice, conversations[2], "In passing")
    alice.patch(f"/api/conversations/{conversations[1]}", json={"archived": True})
    alice.post(f"/api/conversations/{conversations[1]}/share", json={})
    alice.put("/api/me/instructions", json={"text": "Rhyme."})
    return conversations


def test_it_has_everything_that_the_api_returns(alice: FlaskClient, alices: list[int]) -> None:
    export = exported(alice)
    assert (export["instructions"], export["exported_by"][:7]) == ("Rhyme.", "Parley ")
    assert [each["id"] for each in export["conversations"]] == alices
    for each in export["conversations"]:
        body = alice.get(f"/api/conversations/{each['id']}").json
        del body["shared"]
        body["title"] = body["title"].replace("\x1b", "").strip() if "\x1b" in body["title"] else body["title"]
        assert each | {"title": each["title"].strip()} == body


def test_those_that_are_chosen(alice: FlaskClient, alices: list[int]) -> None:
    export = exported(alice, f"?ids={alices[3]},{alices[1]},{alices[3]}")
    assert [each["id"] for each in export["conversations"]] == [alices[3], alices[1]]


def test_a_user_without_data(alice: FlaskClient) -> None:
    assert exported(alice)["conversations"] == []
    assert alice.get("/api/me/data").json == NOTHING
    assert alice.delete("/api/me/data").json == {"deleted": NOTHING}


def test_other_users_are_not_affected(alice: FlaskClient, mallory: FlaskClient, alices: list[int]) -> None:
    assert exported(mallory)["conversations"] == []
    assert_error(mallory.get(f"/api/export?ids={alices[0]}"), 404, "not_found")
    mallorys = converse(mallory)
    mallory.delete("/api/me/data")
    assert mallory.get(f"/api/conversations/{mallorys}").status_code == 404
    assert alice.get("/api/me/data").json["conversations"] == len(alices)


@pytest.mark.parametrize("ids", ["x", "1,", ",", "-1", "1;2", "1,x", ",".join(map(str, range(501))), "9" * 30])
def test_invalid_ids(alice: FlaskClient, ids: str) -> None:
    assert_error(alice.get("/api/export", query_string={"ids": ids}), 422, "invalid_value", "ids")


def test_everything_is_deleted(app: Flask, alice: FlaskClient, alices: list[int]) -> None:
    token = alice.get(f"/api/conversations/{alices[1]}/share").json["url"].rsplit("/", 1)[1]
    me = alice.get("/api/me").json["user"]
    counted = alice.get("/api/me/data").json
    assert counted == {"conversations": 4, "messages": 56, "shares": 1, "instructions": True}
    answer = alice.delete("/api/me/data")
    assert (answer.status_code, answer.json) == (200, {"deleted": counted})
    assert "Set-Cookie" not in answer.headers
    assert alice.get("/api/me").json["user"] == me
    assert alice.get("/api/me/data").json == NOTHING
    assert exported(alice)["conversations"] == []
    assert alice.get("/api/conversations?q=question").json["items"] == []
    assert alice.get("/api/me/instructions").json == {"text": ""}
    for conversation in alices:
        assert_error(alice.get(f"/api/conversations/{conversation}"), 404, "not_found")
    assert_error(alice.get(f"/api/shared/{token}"), 404, "not_found")
    # The user can begin anew.
    exchange(alice, converse(alice))
    assert alice.get("/api/me/data").json["messages"] == 2


def test_a_running_answer_is_stopped_first(alice: FlaskClient, conversation: int, held: HeldAnswer) -> None:
    started = ask(alice, conversation)
    assert alice.delete("/api/me/data").status_code == 200
    assert_error(alice.get(f"/api/turns/{started['turn_id']}"), 404, "not_found")
    assert alice.get("/api/me/data").json == NOTHING


def test_many_conversations(alice: FlaskClient) -> None:
    for number in range(230):
        converse(alice, title=str(number))
    assert len(exported(alice)["conversations"]) == 230
    assert alice.delete("/api/me/data").json["deleted"]["conversations"] == 230
    assert alice.get("/api/me/data").json == NOTHING


def test_a_file_is_written_while_it_is_read(alice: FlaskClient, alices: list[int]) -> None:
    stream = alice.get("/api/export").response
    pieces = [piece for piece in stream if piece]
    assert len(pieces) > len(alices)
